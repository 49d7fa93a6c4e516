"""Plain text to blocks: empty lines part paragraphs, and a bullet makes an item."""

import re
from typing import Final

from functions.workflows.digesting.blocks import Block, Parsed, squeezed

BULLET: Final = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+", re.MULTILINE)
PARAGRAPHS: Final = re.compile(r"\n\s*\n")


def parse_plain(text: str) -> Parsed:
    paragraphs = (part for part in PARAGRAPHS.split(text) if part.strip())
    return Parsed(blocks=[block for part in paragraphs for block in _blocks(part)])


def _blocks(paragraph: str) -> list[Block]:
    before, *items = BULLET.split(paragraph)
    blocks = [Block(kind="paragraph", text=squeezed(before))]
    blocks += [Block(kind="item", text=squeezed(item)) for item in items]
    return [block for block in blocks if block.text]
