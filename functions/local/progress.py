"""A run as it is seen in a terminal: a table that changes, or one line for each change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from functions.local.views import RunView, StageView

STYLES: Final = {
    "PENDING": "dim",
    "RUNNING": "cyan",
    "SUSPENDED": "yellow",
    "COMPLETED": "green",
    "FAILED": "bold red",
    "CANCELLED": "red",
    "SKIPPED": "dim",
}
_REDRAWS_A_SECOND: Final = 8


class Progress(Protocol):
    """Whatever shows a run while it goes on."""

    def show(self, run: RunView) -> None: ...


@contextmanager
def shown_on(console: Console, clock: Callable[[], datetime]) -> Iterator[Progress]:
    """Yield what suits *console*: a live table on a terminal, lines elsewhere."""
    if not console.is_terminal:
        yield Lines(console, clock)
        return
    table = LiveTable(clock)
    with Live(console=console, get_renderable=table.drawn, refresh_per_second=_REDRAWS_A_SECOND):
        yield table


class LiveTable:
    """The run as it was last seen, drawn anew all the time, since the clock runs."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._run: RunView | None = None

    def show(self, run: RunView) -> None:
        self._run = run

    def drawn(self) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for heading in ("Group", "Stage", "Status"):
            table.add_column(heading, no_wrap=True)
        for heading in ("Attempt", "Polls", "Elapsed"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("Progress", overflow="ellipsis", no_wrap=True)
        now = self._clock()
        for stage in self._run.stages if self._run else ():
            table.add_row(*_row(stage, now))
        return table


class Lines:
    """One line for each thing that changed."""

    def __init__(self, console: Console, clock: Callable[[], datetime]) -> None:
        self._console = console
        self._clock = clock
        self._said: dict[str, str] = {}

    def show(self, run: RunView) -> None:
        for stage in run.stages:
            said = _said(stage)
            if stage.attempt and self._said.get(stage.id) != said:
                self._said[stage.id] = said
                elapsed = run.elapsed(self._clock())
                self._console.print(f"{elapsed:7.1f} s  {said}", markup=False, soft_wrap=True)


def _row(stage: StageView, now: datetime) -> list[Text | str]:
    elapsed = stage.elapsed(now)
    return [
        str(stage.group),
        stage.id,
        Text(stage.status or "-", style=STYLES.get(stage.status, "dim")),
        str(stage.attempt or ""),
        str(stage.polls or ""),
        "" if elapsed is None else f"{elapsed:.1f} s",
        Text(stage.says, style="red" if stage.error else "dim"),
    ]


def _said(stage: StageView) -> str:
    details = [f"attempt {stage.attempt}"] if stage.attempt > 1 else []
    details += [f"poll {stage.polls}"] if stage.polls and not stage.is_over else []
    details += [stage.says] if stage.says else []
    return f"{stage.id:<16} {stage.status:<9}  {', '.join(details)}".rstrip()
