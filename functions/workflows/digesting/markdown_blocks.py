"""Markdown to blocks, through markdown-it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from functions.workflows.digesting.blocks import Block, BlockKind, Parsed, squeezed
from functions.workflows.digesting.extras import extra

FRONT_MATTER: Final = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
TAG: Final = re.compile(r"<!--.*?-->|<[^<>]+>", re.DOTALL)
# The innermost open container wins; what is in none of them is a paragraph.
CONTAINERS: Final[dict[str, BlockKind]] = {
    "list_item_open": "item",
    "blockquote_open": "quote",
    "heading_open": "heading",
}


def parse_markdown(text: str) -> Parsed:
    tokens = _tokens(FRONT_MATTER.sub("", text, count=1))
    inline = [child for token in tokens for child in token.children or ()]
    return Parsed(
        blocks=[block for block in _blocks(tokens) if block.text],
        links=sum(child.type == "link_open" for child in inline),
        images=sum(child.type == "image" for child in inline),
    )


def _tokens(text: str) -> Sequence[Any]:
    parser = extra("markdown_it").MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens: Sequence[Any] = parser.parse(text)
    return tokens


@dataclass(kw_only=True)
class _Reading:
    open: list[BlockKind] = field(default_factory=list)
    cells: list[str] | None = None

    def inline(self, token: Any, level: int) -> Iterator[Block]:
        text = squeezed("".join(map(_spoken, token.children)))
        if self.cells is not None:
            self.cells.append(text)
        else:
            kind = self.open[-1] if self.open else "paragraph"
            yield Block(kind=kind, text=text, level=level if kind == "heading" else 0)


def _blocks(tokens: Sequence[Any]) -> Iterator[Block]:
    reading = _Reading()
    level = 0
    for token in tokens:
        if token.type in CONTAINERS:
            reading.open.append(CONTAINERS[token.type])
            level = int(token.tag[1]) if token.type == "heading_open" else level
        elif token.type.replace("_close", "_open") in CONTAINERS:
            reading.open.pop()
        elif token.type == "inline":
            yield from reading.inline(token, level)
        else:
            yield from _other(token, reading)


def _other(token: Any, reading: _Reading) -> Iterator[Block]:
    match token.type:
        case "table_open":
            reading.cells = []
        case "table_close":
            yield Block(kind="table", text="\n".join(filter(None, reading.cells or ())))
            reading.cells = None
        case "fence" | "code_block":
            yield Block(kind="code", text=token.content.rstrip())
        case "html_block":
            yield Block(kind="paragraph", text=squeezed(TAG.sub(" ", token.content)))


def _spoken(child: Any) -> str:
    """Return what a reader of the page would see of *child*."""
    if child.type in {"text", "code_inline", "image"}:
        return str(child.content)
    return " " if child.type in {"softbreak", "hardbreak"} else ""
