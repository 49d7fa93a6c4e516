"""PDF to blocks, through pdfminer: paragraphs by where lines stand, headings by their size."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from functions.workflows.digesting.blocks import Block, Parsed, squeezed
from functions.workflows.digesting.extras import extra
from functions.workflows.digesting.plain_blocks import parse_plain

SIGNATURE: Final = b"%PDF-"
MOST_PAGES: Final = 1_000
# What is larger than the body text by so much, and short, is a heading.
LARGER: Final = 1.15
LONGEST_HEADING: Final = 120
DEEPEST: Final = 6
# What stands at one height in the margin of so many pages is there for turning them.
REPEATED: Final = 3
MARGIN: Final = 0.1
NUMBER: Final = re.compile(r"\d+")
# Hyphens that a line's end put there.
BROKEN_WORD: Final = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010]\n(?=[^\W\d_A-Z])")


class UnreadablePdfError(Exception):
    """There is no text to be had; the message goes on where the file's name ends."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure


@dataclass(frozen=True, kw_only=True)
class _Box:
    """Lines that stand together; *size* is that of most of their letters, in points."""

    text: str
    size: float
    height: int
    is_marginal: bool

    @property
    def place(self) -> tuple[str, int]:
        return NUMBER.sub("#", squeezed(self.text)), self.height


def parse_pdf(content: bytes) -> Parsed:
    """Return the text of *content*.

    Raises:
        UnreadablePdfError: It is locked or damaged, or there is not a word in it.
    """
    pages = _pages(content)
    boxes = [[*_boxes(page)] for page in pages]
    margins = Counter(
        place for page in boxes for place in {box.place for box in page if box.is_marginal}
    )
    kept = [box for page in boxes for box in page if not _turns_pages(box, margins)]
    if not any(map(str.isalpha, "".join(box.text for box in kept))):
        raise UnreadablePdfError(
            "is a PDF without text, perhaps of pictures", "have its text recognised first"
        )
    return Parsed(blocks=[*_blocks(kept)], images=sum(map(_images, pages)))


def _pages(content: bytes) -> Sequence[Any]:
    high_level, document = extra("pdfminer.high_level"), extra("pdfminer.pdfdocument")
    # It warns of every flaw that it gets over.
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    try:
        return [*high_level.extract_pages(BytesIO(content), maxpages=MOST_PAGES)]
    except document.PDFPasswordIncorrect as error:
        raise UnreadablePdfError("is locked with a password", "name a copy without one") from error
    except Exception as error:  # whatever a damaged file makes it stumble over
        raise UnreadablePdfError(
            f"is a damaged PDF ({type(error).__name__})", "make it anew"
        ) from error


def _boxes(page: Any) -> Iterator[_Box]:
    layout = extra("pdfminer.layout")
    for element in page:
        if isinstance(element, layout.LTTextContainer):
            sizes = Counter(
                round(letter.size * 2) / 2
                for line in element
                for letter in (line if isinstance(line, layout.LTTextLine) else ())
                if isinstance(letter, layout.LTChar)
            )
            if sizes:
                yield _Box(
                    text=element.get_text(),
                    size=_most(sizes),
                    height=round(element.y0),
                    is_marginal=not MARGIN < element.y0 / page.height < 1 - MARGIN,
                )


def _turns_pages(box: _Box, margins: Counter[tuple[str, int]]) -> bool:
    return box.is_marginal and (margins[box.place] >= REPEATED or squeezed(box.text).isdigit())


def _images(page: Any) -> int:
    layout = extra("pdfminer.layout")
    figures = (each for each in page if isinstance(each, layout.LTFigure))
    return sum(isinstance(inner, layout.LTImage) for figure in figures for inner in figure)


def _blocks(boxes: Sequence[_Box]) -> Iterator[Block]:
    letters: Counter[float] = Counter()
    for box in boxes:
        letters[box.size] += len(box.text)
    body = _most(letters)
    levels = sorted({box.size for box in boxes if _is_heading(box, body)}, reverse=True)
    for box in boxes:
        if _is_heading(box, body):
            level = min(levels.index(box.size) + 1, DEEPEST)
            yield Block(kind="heading", text=squeezed(box.text), level=level)
        else:
            yield from parse_plain(BROKEN_WORD.sub("", box.text)).blocks


def _is_heading(box: _Box, body: float) -> bool:
    return box.size > body * LARGER and len(box.text) <= LONGEST_HEADING


def _most(sizes: Counter[float]) -> float:
    return max(sizes, key=lambda size: (sizes[size], -size))
