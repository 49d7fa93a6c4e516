"""All that was found, as a page: once in Markdown, once in HTML that needs nothing else."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, Field

from functions.workflows.digesting.chart import Chart, bar_chart
from functions.workflows.digesting.clusters import Cluster
from functions.workflows.digesting.documents import Document, Texts
from functions.workflows.digesting.extras import extra
from functions.workflows.digesting.library import Library, Skipped
from functions.workflows.digesting.phrases import KeyPhrases, Phrase
from functions.workflows.digesting.readings import Reading, Readings
from functions.workflows.digesting.structure import Structure, Structures
from functions.workflows.digesting.summaries import Summaries

TEMPLATES: Final = Path(__file__).parent / "templates"
MARKDOWN_SIGNS: Final = re.compile(r"([\\`*_\[\]<>|#~])")


class ReportConfig(BaseModel):
    most_skipped: int = Field(default=50, ge=0, description="Files left out that are named.")


class Digest(BaseModel):
    """What the workflow returns: the report in a few numbers, and where to find it in full."""

    title: str
    documents: int
    words: int
    minutes: float
    skipped: int
    key_phrases: list[str]
    reports: list[str]


@dataclass(frozen=True, kw_only=True)
class Findings:
    library: Library
    texts: Texts
    phrases: KeyPhrases
    readings: Readings
    structures: Structures
    summaries: Summaries


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One document with all that was found about it."""

    document: Document
    phrases: list[Phrase]
    reading: Reading
    structure: Structure
    summary: list[str]


@dataclass(frozen=True, kw_only=True)
class Page:
    title: str
    run_id: str
    chapters: list[Chapter]
    phrases: list[Phrase]
    clusters: list[Cluster]
    skipped: list[Skipped]
    unnamed: int
    chart: Chart

    @property
    def words(self) -> int:
        return sum(chapter.document.words for chapter in self.chapters)

    @property
    def sentences(self) -> int:
        return sum(chapter.reading.sentences for chapter in self.chapters)

    @property
    def minutes(self) -> float:
        return round(sum(chapter.reading.minutes for chapter in self.chapters), 1)

    @property
    def languages(self) -> str:
        known = {chapter.document.language for chapter in self.chapters} - {""}
        return ", ".join(sorted(known)) or "unknown"


def page_of(findings: Findings, run_id: str, config: ReportConfig) -> Page:
    skipped = [*findings.library.skipped, *findings.texts.skipped]
    words = [(document.name, document.words) for document in findings.texts.documents]
    return Page(
        title=findings.library.title,
        run_id=run_id,
        chapters=_chapters(findings),
        phrases=findings.phrases.overall,
        clusters=[each for each in findings.summaries.clusters if len(each.documents) > 1],
        skipped=skipped[: config.most_skipped],
        unnamed=len(skipped[config.most_skipped :]),
        chart=bar_chart("Words per document", words),
    )


def digest_of(page: Page, reports: list[str]) -> Digest:
    return Digest(
        title=page.title,
        documents=len(page.chapters),
        words=page.words,
        minutes=page.minutes,
        skipped=len(page.skipped) + page.unnamed,
        key_phrases=[phrase.text for phrase in page.phrases],
        reports=reports,
    )


def rendered(page: Page, template: str) -> str:
    text: str = _templates().get_template(template).render(page=page)
    return text


def _chapters(findings: Findings) -> list[Chapter]:
    parts = zip(
        findings.texts.documents,
        findings.phrases.documents,
        findings.readings.documents,
        findings.structures.documents,
        findings.summaries.documents,
        strict=True,
    )
    return [
        Chapter(
            document=document,
            phrases=phrases.phrases,
            reading=reading,
            structure=structure,
            summary=summary.sentences,
        )
        for document, phrases, reading, structure, summary in parts
    ]


def _templates() -> Any:
    jinja2 = extra("jinja2")
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=jinja2.select_autoescape(["html.j2", "svg.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters["plain"] = markdown_plain
    templates.filters["number"] = lambda value: f"{value:,}"
    templates.filters["score"] = lambda value: "\u2013" if value is None else f"{value:g}"
    return templates


def markdown_plain(text: str) -> str:
    """Return *text* so that Markdown shows it as it is, also in a cell of a table."""
    return MARKDOWN_SIGNS.sub(r"\\\1", " ".join(text.split()))
