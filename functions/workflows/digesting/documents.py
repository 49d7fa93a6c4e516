"""Files as documents: parsed, and cut into passages that a model or a person can take in."""

from collections.abc import Callable, Iterator
from typing import Final

from pydantic import BaseModel, Field

from functions.workflows.digesting.blocks import PROSE, Block, Parsed
from functions.workflows.digesting.csv_blocks import parse_csv
from functions.workflows.digesting.finding import Kind
from functions.workflows.digesting.html_blocks import parse_html
from functions.workflows.digesting.language import language_of, sentences_of, words_of
from functions.workflows.digesting.library import File, Library, Skipped
from functions.workflows.digesting.markdown_blocks import parse_markdown
from functions.workflows.digesting.plain_blocks import parse_plain
from kernel.authoring import Fatal

PARSERS: Final[dict[Kind, Callable[[str], Parsed]]] = {
    "csv": parse_csv,
    "html": parse_html,
    "markdown": parse_markdown,
    "text": parse_plain,
}
LONGEST_TITLE: Final = 80


class SplitConfig(BaseModel):
    passage_words: int = Field(default=250, ge=20)


class Passage(BaseModel):
    """Some blocks that follow each other; its first may be the heading that they stand under."""

    heading: str
    blocks: list[Block]

    @property
    def prose(self) -> list[str]:
        return [block.text for block in self.blocks if block.kind in PROSE]


class Document(BaseModel):
    name: str
    title: str
    kind: Kind
    encoding: str
    language: str
    words: int
    links: int
    images: int
    passages: list[Passage]

    @property
    def blocks(self) -> list[Block]:
        return [block for passage in self.passages for block in passage.blocks]


class Texts(BaseModel):
    documents: list[Document]
    skipped: list[Skipped] = []


def split_library(library: Library, config: SplitConfig) -> Texts:
    """Make documents of all files.

    Raises:
        Fatal: There is not a word in any of them.
    """
    texts = Texts(documents=[])
    for file in library.files:
        document = document_of(file, config)
        if document.words:
            texts.documents.append(document)
        else:
            texts.skipped.append(Skipped(name=file.name, reason="holds no words"))
    if not texts.documents:
        names = ", ".join(f"'{skipped.name}'" for skipped in texts.skipped[:3])
        raise Fatal(f"There are no words in {names}: name a file or folder with text to read.")
    return texts


def document_of(file: File, config: SplitConfig) -> Document:
    parsed = file.parsed or PARSERS[file.kind](file.text)
    language = language_of(" ".join(block.text for block in parsed.blocks if block.kind in PROSE))
    return Document(
        name=file.name,
        title=_title(parsed.blocks) or file.name,
        kind=file.kind,
        encoding=file.encoding,
        language=language,
        words=sum(_length(block) for block in parsed.blocks),
        links=parsed.links,
        images=parsed.images,
        passages=list(passages_of(parsed.blocks, language, config.passage_words)),
    )


def passages_of(blocks: list[Block], language: str, words: int) -> Iterator[Passage]:
    """Cut at each heading, and where a passage would grow beyond *words*."""
    passage = Passage(heading="", blocks=[])
    length = 0
    for block in _all_pieces(blocks, language, words):
        if passage.blocks and (block.kind == "heading" or length + _length(block) > words):
            yield passage
            passage, length = Passage(heading=passage.heading, blocks=[]), 0
        if block.kind == "heading":
            passage.heading = block.text
        passage.blocks.append(block)
        length += _length(block)
    if passage.blocks:
        yield passage


def _all_pieces(blocks: list[Block], language: str, words: int) -> Iterator[Block]:
    for block in blocks:
        yield from _pieces(block, language, words)


def _pieces(block: Block, language: str, words: int) -> Iterator[Block]:
    """Cut prose that is too long for one passage between its sentences."""
    if block.kind not in PROSE or _length(block) <= words:
        yield block
        return
    piece: list[str] = []
    length = 0
    for sentence in sentences_of(block.text, language):
        more = len(words_of(sentence))
        if piece and length + more > words:
            yield Block(kind=block.kind, text=" ".join(piece))
            piece, length = [], 0
        piece.append(sentence)
        length += more
    yield Block(kind=block.kind, text=" ".join(piece))


def _length(block: Block) -> int:
    return 0 if block.kind in {"code", "note"} else len(words_of(block.text))


def _title(blocks: list[Block]) -> str:
    heading = next((block.text for block in blocks if block.kind == "heading"), "")
    return heading if len(heading) <= LONGEST_TITLE else f"{heading[: LONGEST_TITLE - 1]}…"
