"""What was found, and what it cost, as Markdown for people and as JSON for programs."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from pydantic import BaseModel

from functions.workflows.reviewing.words import (
    AllFacts,
    Facts,
    Kinds,
    Review,
    Reviews,
    Summaries,
    Theme,
    ThemeSummary,
    Verdict,
    Verdicts,
)
from kernel.authoring import CallStats

BATCHED: Final = "summarise"
JUDGING: Final = "judge"
ASKING: Final = ("classify", "extract", BATCHED, JUDGING)


class BillLine(BaseModel):
    """What a stage, a model or all of them came to; money is text, so that it is exact.

    *unpriced*: calls whose price nobody knows. They are not in *cost*.
    """

    name: str
    calls: int
    failed: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cost: str


class Bill(BaseModel):
    """The calls of all attempts and generations until now."""

    stages: list[BillLine]
    models: list[BillLine]
    total: BillLine


class ReviewReport(BaseModel):
    reviews: list[Review]
    kinds: Kinds
    facts: AllFacts
    themes: list[ThemeSummary]
    verdicts: dict[Theme, Verdict]
    bill: Bill


class Reviewed(BaseModel):
    """What the workflow returns: the report in a few words, and its bill."""

    reviews: int
    unhappy: int
    refunds_wanted: int
    themes: list[Theme]
    bill: Bill
    reports: list[str]


def bill_of(reviews: Reviews, stats: Callable[[str], CallStats]) -> Bill:
    """Return the bill by what *stats* says of each stage. A stage asks one model only."""
    stages = [_line(stage, stats(stage)) for stage in ASKING]
    asked = {stage: reviews.judge if stage == JUDGING else reviews.model for stage in ASKING}
    models = [
        _sum(model, [line for line in stages if asked[line.name] == model])
        for model in sorted(set(asked.values()))
    ]
    return Bill(stages=stages, models=models, total=_sum("total", stages))


def reported(
    reviews: Reviews, kinds: Kinds, facts: AllFacts, found: tuple[Summaries, Verdicts], bill: Bill
) -> ReviewReport:
    summaries, verdicts = found
    return ReviewReport(
        reviews=reviews.reviews,
        kinds=kinds,
        facts=facts,
        themes=summaries.themes,
        verdicts=verdicts.by_theme,
        bill=bill,
    )


def reviewed(report: ReviewReport, reports: list[str]) -> Reviewed:
    return Reviewed(
        reviews=len(report.reviews),
        unhappy=sum(kind.mood == "unhappy" for kind in report.kinds.by_id.values()),
        refunds_wanted=sum(facts.wants_refund for facts in report.facts.by_id.values()),
        themes=[theme.theme for theme in report.themes],
        bill=report.bill,
        reports=reports,
    )


def markdown(report: ReviewReport) -> str:
    parts = [
        "# What customers say",
        *(_chapter(theme, report.verdicts.get(theme.theme)) for theme in report.themes),
        "## Reviews",
        _table(("Review", "About", "Mood", "Product", "Order", "Says"), _rows(report)),
        "## Bill",
        _table(
            ("", "Calls", "Failed", "Tokens in", "Tokens out", "US dollars"),
            [_billed(line) for line in _lines(report.bill)],
        ),
        "Every call of every attempt is on it. Batched calls cost half.",
    ]
    return "\n\n".join(parts) + "\n"


def _chapter(theme: ThemeSummary, verdict: Verdict | None) -> str:
    lines = [f"## {theme.theme.capitalize()} ({len(theme.reviews)})"]
    lines.append(_plain(theme.text) or f"There is no summary: {_plain(theme.problem)}")
    if verdict is not None:
        lines.append(f"Judged {verdict.score} of 5: {_plain(verdict.reason)}")
    return "\n\n".join(lines)


def _rows(report: ReviewReport) -> Iterable[Sequence[str]]:
    for review in report.reviews:
        kind = report.kinds.by_id[review.id]
        facts = report.facts.by_id.get(review.id, Facts())
        yield (
            review.id,
            kind.theme,
            kind.mood,
            _plain(facts.product or ""),
            _plain(facts.order or ""),
            _plain(review.text),
        )


def _lines(bill: Bill) -> Sequence[BillLine]:
    return [*bill.stages, *bill.models, bill.total]


def _billed(line: BillLine) -> Sequence[str]:
    unknown = f", and {line.unpriced} calls of unknown price" if line.unpriced else ""
    return (
        line.name,
        f"{line.calls:,}",
        f"{line.failed:,}",
        f"{line.input_tokens:,}",
        f"{line.output_tokens:,}",
        f"{line.cost}{unknown}",
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    every = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in every)


def _plain(text: str) -> str:
    """Return *text* so that it stays in its cell, and is no HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _line(name: str, stats: CallStats) -> BillLine:
    return BillLine(
        name=name,
        calls=stats.calls,
        failed=stats.failed,
        unpriced=stats.unpriced,
        input_tokens=stats.input_tokens,
        output_tokens=stats.output_tokens,
        cost=f"{stats.cost:f}",
    )


def _sum(name: str, lines: Sequence[BillLine]) -> BillLine:
    return BillLine(
        name=name,
        calls=sum(line.calls for line in lines),
        failed=sum(line.failed for line in lines),
        unpriced=sum(line.unpriced for line in lines),
        input_tokens=sum(line.input_tokens for line in lines),
        output_tokens=sum(line.output_tokens for line in lines),
        cost=f"{sum((Decimal(line.cost) for line in lines), Decimal(0)):f}",
    )
