"""A document is a list of blocks, whatever it was written in."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel

# A note is ours, about the document: it is shown, but it is none of its prose.
BlockKind: TypeAlias = Literal["heading", "paragraph", "item", "quote", "table", "code", "note"]
PROSE: Final[frozenset[BlockKind]] = frozenset({"paragraph", "item", "quote"})


class Block(BaseModel):
    kind: BlockKind
    text: str
    level: int = 0
    """Of a heading, from 1; of everything else, 0."""


@dataclass(frozen=True, kw_only=True)
class Parsed:
    blocks: list[Block]
    links: int = 0
    images: int = 0


def squeezed(text: str) -> str:
    return " ".join(text.split())
