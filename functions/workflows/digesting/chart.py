"""A bar chart as numbers: where each bar stands and how long it is. A template draws it."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_BARS: Final = 15
LONGEST_LABEL: Final = 28
WIDTH: Final = 760
LABELS: Final = 260
VALUES: Final = 70
ROW: Final = 26


@dataclass(frozen=True, kw_only=True)
class Bar:
    label: str
    value: int
    top: int
    length: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    title: str
    description: str
    bars: list[Bar]
    width: int = WIDTH
    labels: int = LABELS
    row: int = ROW

    @property
    def height(self) -> int:
        return len(self.bars) * self.row


def bar_chart(title: str, values: Sequence[tuple[str, int]]) -> Chart:
    """Draw the greatest of *values*, longest bar first; the rest is one bar."""
    ranked = sorted(values, key=lambda pair: (-pair[1], pair[0]))
    shown = ranked[:MOST_BARS]
    if rest := ranked[MOST_BARS:]:
        shown.append((f"{len(rest)} others", sum(value for _, value in rest)))
    longest = max((value for _, value in shown), default=0) or 1
    bars = [
        Bar(
            label=_shortened(label),
            value=value,
            top=nth * ROW,
            length=round((WIDTH - LABELS - VALUES) * value / longest, 1),
        )
        for nth, (label, value) in enumerate(shown)
    ]
    spoken = "; ".join(f"{label}: {value:,}" for label, value in shown)
    return Chart(title=title, description=f"{spoken}.", bars=bars)


def _shortened(label: str) -> str:
    """Keep the end, where a path says what it is."""
    kept = label
    while _width(kept) > LONGEST_LABEL - (kept != label):
        kept = kept[1:]
    return kept if kept == label else f"…{kept}"


def _width(text: str) -> int:
    """Count in letters, of which a Chinese character takes the space of two."""
    return sum(2 if unicodedata.east_asian_width(each) in {"F", "W"} else 1 for each in text)
