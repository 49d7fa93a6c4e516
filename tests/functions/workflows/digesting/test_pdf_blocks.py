"""Proves what is read in a PDF, and that each one that cannot be read says why."""

from pathlib import Path

import pytest

from functions.workflows.digesting.documents import SplitConfig, document_of
from functions.workflows.digesting.library import File, IngestConfig, Library, Source, gather
from functions.workflows.digesting.pdf_blocks import UnreadablePdfError, parse_pdf
from kernel.authoring import Fatal
from tests.functions.workflows.digesting.pdfs import Line, a_pdf

PAGE: list[Line] = [
    ("The mill race", 24, 760),
    ("The mill race brings water to the wheel. The", 10, 700),
    ("wheel of the mill turns the great mill-", 10, 688),
    ("stones of the house.", 10, 676),
    ("Bread", 16, 630),
    ("The stones grind flour, and the flour becomes", 10, 600),
    ("bread.", 10, 588),
]


def told(content: bytes) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in parse_pdf(content).blocks]


def gathered(path: Path, **limits: int) -> Library:
    return gather(Source(path=str(path)), IngestConfig(**limits))


def test_lines_that_stand_together_are_a_paragraph_and_large_ones_a_heading() -> None:
    blocks = told(a_pdf(PAGE))

    assert blocks == [
        ("heading", 1, "The mill race"),
        (
            "paragraph",
            0,
            (
                "The mill race brings water to the wheel. The wheel of the mill turns the great"
                " millstones of the house."
            ),
        ),
        ("heading", 2, "Bread"),
        ("paragraph", 0, "The stones grind flour, and the flour becomes bread."),
    ]


def test_what_is_there_for_turning_pages_is_not_read() -> None:
    pages = [
        [("Chapter of mills", 9, 800), (f"Page {word} tells of mills.", 10, 600), (word, 9, 30)]
        for word in ("1", "2", "3")
    ]

    blocks = told(a_pdf(*pages))

    assert [text for _, _, text in blocks] == [
        "Page 1 tells of mills.",
        "Page 2 tells of mills.",
        "Page 3 tells of mills.",
    ]


def test_bullets_are_items() -> None:
    blocks = told(a_pdf([("Three things:", 10, 700), ("- flour", 10, 688), ("- water", 10, 676)]))

    assert blocks == [
        ("paragraph", 0, "Three things:"),
        ("item", 0, "flour"),
        ("item", 0, "water"),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (a_pdf(PAGE, locked=True), "is locked with a password"),
        (a_pdf([]), "is a PDF without text, perhaps of pictures"),
        (a_pdf([("12", 10, 30)]), "is a PDF without text, perhaps of pictures"),
        (b"%PDF-1.4\nnothing of the kind", r"is a damaged PDF \(PDFSyntaxError\)"),
    ],
    ids=["locked", "empty", "numbers", "damaged"],
)
def test_a_pdf_without_text_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadablePdfError, match=f"^{reason}$"):
        parse_pdf(content)


def test_a_pdf_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "mill.pdf").write_bytes(a_pdf(PAGE))
    (tmp_path / "disguised.txt").write_bytes(a_pdf(PAGE))
    (tmp_path / "false.pdf").write_text("Just words.", encoding="utf-8")

    library = gathered(tmp_path)

    assert [(file.name, file.kind, file.encoding) for file in library.files] == [
        ("disguised.txt", "pdf", "1.4"),
        ("mill.pdf", "pdf", "1.4"),
    ]
    assert [(each.name, each.reason) for each in library.skipped] == [
        ("false.pdf", "is no PDF, whatever its name says")
    ]


def test_a_pdf_may_be_larger_than_a_text(tmp_path: Path) -> None:
    path = tmp_path / "mill.pdf"
    path.write_bytes(a_pdf(PAGE) + b" " * 3_000)

    library = gathered(tmp_path, max_file_bytes=10, max_total_bytes=300)

    assert [file.name for file in library.files] == ["mill.pdf"]
    with pytest.raises(Fatal, match=r"than 2,000 bytes: split it, or raise `ingest\.max_pdf"):
        gathered(path, max_pdf_bytes=2_000)


def test_a_pdf_becomes_a_document_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "mill.pdf").write_bytes(a_pdf(PAGE))
    stored = gathered(tmp_path).files[0].model_dump_json()

    document = document_of(File.model_validate_json(stored), SplitConfig())

    assert (document.title, document.kind, document.language) == ("The mill race", "pdf", "en")
    assert [passage.heading for passage in document.passages] == ["The mill race", "Bread"]
