"""Proves the stages of the digest one after the other, from files on a disk to two reports."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError

from functions.workflows import digest as stages
from functions.workflows.digest import Measures, Ticket, digest
from functions.workflows.digesting.documents import SplitConfig
from functions.workflows.digesting.library import IngestConfig, Source
from functions.workflows.digesting.phrases import PhraseConfig
from functions.workflows.digesting.readings import ReadabilityConfig
from functions.workflows.digesting.report import Digest, ReportConfig, markdown_plain
from functions.workflows.digesting.structure import StructureConfig
from functions.workflows.digesting.summaries import Summaries, SummariseConfig
from kernel.authoring import Completed, Failed, NotReady, Ready
from tests.functions.workflows.fake_context import FakeContext

# A type checker takes a decorated class for the class that it was.
SUMMARISE = digest.stage("summarise")

MILL = """# The mill | race

The mill race brings water to the wheel. The wheel of the mill turns the stones. Without water in
the race the wheel stands still.

## Bread & <butter>

The stones grind flour, and the flour becomes bread. A mill without a race grinds no flour at all.
"""
ARABIC = "الطاحونة تحتاج إلى الماء في كل يوم. الماء يأتي من النهر الكبير خلف البيت القديم.\n"
EVIL = "<h1>&lt;script&gt;alert('x')&lt;/script&gt;</h1><p>An evil page of some length it is."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mill.md").write_text(MILL, encoding="utf-8")
    (tmp_path / "ماء ونهر.txt").write_text(ARABIC, encoding="utf-8")
    (tmp_path / "evil <b>page.html").write_text(EVIL, encoding="utf-8")
    (tmp_path / "bread.csv").write_text("name,grams\nRye,900\nOat,700\n", encoding="utf-8")
    (tmp_path / "empty.md").write_text("", encoding="utf-8")
    return tmp_path


def measured(folder: Path) -> FakeContext:
    """Run the stages before the batch, and return the context that the batch sees."""
    library = stages.ingest.execute(
        FakeContext(input=Source(path=str(folder), title="Mills & more"), config=IngestConfig())
    )
    texts = stages.split.execute(FakeContext(input=library, config=SplitConfig()))
    found = {
        "key_phrases": stages.key_phrases.execute(FakeContext(input=texts, config=PhraseConfig())),
        "readability": stages.readability.execute(
            FakeContext(input=texts, config=ReadabilityConfig())
        ),
        "structure": stages.structure.execute(FakeContext(input=texts, config=StructureConfig())),
    }
    return FakeContext(
        input=Measures(**found),
        config=SummariseConfig(checks=3),
        earlier={"ingest": library, "split": texts, **found},
    )


def checked(ctx: FakeContext, ticket: Ticket, times: int) -> list[Any]:
    assert SUMMARISE.check
    return [SUMMARISE.check(ctx, ticket) for _ in range(times)]


@pytest.fixture
def batch(folder: Path) -> FakeContext:
    return measured(folder)


@pytest.fixture
def reported(batch: FakeContext) -> Completed[Digest]:
    ticket = SUMMARISE.execute(batch).state
    *_, ready = checked(batch, ticket, times=ticket.pieces)
    completed: Completed[Digest] = stages.report.execute(
        FakeContext(input=ready.output, config=ReportConfig(), earlier=batch.earlier)
    )
    return completed


def artifact(completed: Completed[Digest], name: str) -> str:
    assert completed.artifacts
    content = completed.artifacts[name]
    assert isinstance(content, str)
    return content


def test_the_plan_is_to_read_split_measure_summarise_and_report() -> None:
    groups = [[stage.id for stage in group] for group in digest.groups]

    assert groups == [
        ["ingest"],
        ["split"],
        ["key_phrases", "readability", "structure"],
        ["summarise"],
        ["report"],
    ]


def test_an_input_with_a_slip_in_it_is_refused() -> None:
    with pytest.raises(ValidationError, match="pth"):
        Source.model_validate({"pth": "."})


def test_ingest_says_how_much_it_read(folder: Path) -> None:
    ctx = FakeContext(input=Source(path=str(folder)), config=IngestConfig())

    stages.ingest.execute(ctx)

    assert ctx.log.lines == [("read", {"files": 4, "left_out": 1})]


def test_the_batch_waits_and_then_has_a_summary_for_each_document(batch: FakeContext) -> None:
    suspended = SUMMARISE.execute(batch)

    answers = checked(batch, suspended.state, times=3)

    assert suspended.poll_every.total_seconds() == 0.4
    assert answers[:2] == [NotReady(), NotReady()]
    assert isinstance(answers[2], Ready)
    assert [summary.document for summary in answers[2].output.documents] == [
        "bread.csv",
        "evil <b>page.html",
        "mill.md",
        "ماء ونهر.txt",
    ]
    assert [message for _, message in batch.told] == [
        "2 of 3 pieces left",
        "1 of 3 pieces left",
    ]


def test_a_summary_takes_sentences_as_they_are(batch: FakeContext) -> None:
    ticket = SUMMARISE.execute(batch).state

    *_, ready = checked(batch, ticket, times=ticket.pieces)

    summaries: Summaries = ready.output
    assert summaries.documents[0].sentences == ["A table of 2 rows with the columns name, grams."]
    assert summaries.documents[2].sentences
    assert all(sentence in " ".join(MILL.split()) for sentence in summaries.documents[2].sentences)


def test_a_batch_submitted_twice_goes_on_where_it_was(batch: FakeContext) -> None:
    ticket = SUMMARISE.execute(batch).state
    checked(batch, ticket, times=1)

    again = SUMMARISE.execute(batch).state

    assert again == ticket
    assert isinstance(checked(batch, again, times=2)[-1], Ready)


def test_a_check_after_the_last_gives_the_same_answer(batch: FakeContext) -> None:
    ticket = SUMMARISE.execute(batch).state

    answers = checked(batch, ticket, times=ticket.pieces + 1)

    assert answers[-1] == answers[-2]


def test_a_batch_that_is_gone_fails_with_a_reason(batch: FakeContext) -> None:
    ticket = SUMMARISE.execute(batch).state
    batch.storage.blobs.clear()

    answers = checked(batch, ticket, times=1)

    assert answers == [Failed("The batch job lost its file 'batch.json'.", code="BATCH_LOST")]


def test_every_output_comes_back_from_json_as_it_was(batch: FakeContext) -> None:
    outputs = list(batch.earlier.values())

    again = [type(output).model_validate_json(output.model_dump_json()) for output in outputs]

    assert again == outputs


def test_the_result_is_the_report_in_a_few_numbers(reported: Completed[Digest]) -> None:
    result = reported.output

    assert (result.title, result.documents, result.skipped) == ("Mills & more", 4, 1)
    assert result.reports == ["report.md", "report.html"]
    assert result.words == (reported.metrics or {})["words"]
    assert "flour" in result.key_phrases


def test_the_markdown_shows_names_and_texts_as_they_are(reported: Completed[Digest]) -> None:
    text = artifact(reported, "report.md")

    assert text.startswith("# Mills & more\n")
    assert "### The mill \\| race" in text
    assert "| evil \\<b\\>page.html | html, utf-8 |" in text
    assert "- empty.md: is empty" in text
    assert "ماء ونهر.txt" in text
    assert "\n\n\n" not in text


def test_documents_that_are_alike_are_shown_together(folder: Path) -> None:
    (folder / "again.md").write_text(f"{MILL}\nThe race is long.", encoding="utf-8")
    batch = measured(folder)
    ticket = SUMMARISE.execute(batch).state
    *_, ready = checked(batch, ticket, times=ticket.pieces)

    completed = stages.report.execute(
        FakeContext(input=ready.output, config=ReportConfig(), earlier=batch.earlier)
    )

    together = [each.documents for each in ready.output.clusters if len(each.documents) > 1]
    assert together == [["again.md", "mill.md"]]
    assert "again.md, mill.md" in artifact(completed, "report.md")
    assert "<bdi>again.md</bdi>, <bdi>mill.md</bdi>" in artifact(completed, "report.html")


def test_the_tables_of_the_markdown_are_whole(reported: Completed[Digest]) -> None:
    text = artifact(reported, "report.md").replace("\\|", "")

    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE)

    widths = [{row.count("|") for row in table.splitlines()} for table in tables]
    assert [len(width) for width in widths] == [1] * 4


class Tags(HTMLParser):
    """Notes the tags of a page, and those that were not closed."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.open += [tag] if tag not in self.VOID else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_runs_nothing(reported: Completed[Digest]) -> None:
    tags = Tags()

    tags.feed(artifact(reported, "report.html"))

    assert tags.open == []
    assert {"script", "link", "img", "iframe", "b"}.isdisjoint(tags.seen)


def test_the_page_asks_for_nothing_from_elsewhere(reported: Completed[Digest]) -> None:
    page = artifact(reported, "report.html")

    addresses = set(re.findall(r"\w+://[^\"'\s<]+|url\(|@import", page))

    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "prefers-color-scheme: dark" in page


def test_the_chart_says_in_words_what_it_shows(reported: Completed[Digest]) -> None:
    page = artifact(reported, "report.html")

    svg = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])  # noqa: S314 - ours

    title, description = svg[0], svg[1]
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text == "Words per document"
    assert "mill.md: " in (description.text or "")


def test_what_a_page_says_is_shown_and_not_obeyed(reported: Completed[Digest]) -> None:
    page = artifact(reported, "report.html")

    assert "&lt;script&gt;alert(" in page
    assert "evil &lt;b&gt;page.html" in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a|b\nc", "a\\|b c"), ("*x* _y_ `z`", "\\*x\\* \\_y\\_ \\`z\\`"), ("<b>", "\\<b\\>")],
)
def test_markdown_signs_lose_their_meaning(text: str, shown: str) -> None:
    plain = markdown_plain(text)

    assert plain == shown
