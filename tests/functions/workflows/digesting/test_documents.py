"""Proves that documents are cut where a reader would put them down."""

import pytest

from functions.workflows.digesting.documents import SplitConfig, split_library
from functions.workflows.digesting.library import Library, Skipped
from kernel.authoring import Fatal
from tests.functions.workflows.digesting.builders import a_document, a_file

SENTENCE = "Ten words are in this sentence, and it ends here."


def test_a_passage_begins_at_each_heading() -> None:
    document = a_document("Before.\n\n# One\n\nText.\n\n## Two\n\nMore.")

    headings = [passage.heading for passage in document.passages]

    assert headings == ["", "One", "Two"]
    assert document.title == "One"
    assert document.words == 5


def test_a_passage_is_never_much_longer_than_asked_for() -> None:
    paragraphs = "\n\n".join([SENTENCE] * 5 + [" ".join([SENTENCE] * 7)])

    document = a_document(f"# All\n\n{paragraphs}", passage_words=25)

    lengths = [len(" ".join(passage.prose).split()) for passage in document.passages]
    assert max(lengths) <= 25
    assert sum(lengths) == 120
    assert {passage.heading for passage in document.passages} == {"All"}


def test_code_is_kept_but_its_words_are_not_counted() -> None:
    document = a_document("Two words.\n\n```\nand code\n```\n")

    assert document.words == 2
    assert [block.kind for block in document.blocks] == ["paragraph", "code"]


def test_a_document_without_a_heading_goes_by_its_name() -> None:
    document = a_document("Text.", name="notes.txt", kind="text")

    assert document.title == "notes.txt"


def test_a_file_without_words_is_left_out() -> None:
    files = [a_file("Words."), a_file("<script>x</script>", name="b.html", kind="html")]

    texts = split_library(Library(title="T", files=files), SplitConfig())

    assert [document.name for document in texts.documents] == ["a.md"]
    assert texts.skipped == [Skipped(name="b.html", reason="holds no words")]


def test_not_a_single_word_is_an_error_that_says_where() -> None:
    library = Library(title="T", files=[a_file("🙂 … 🙃", name="smile.txt", kind="text")])

    with pytest.raises(Fatal, match=r"no words in 'smile\.txt': name a file"):
        split_library(library, SplitConfig())
