"""How documents are built: what they consist of, and their headings as an outline."""

from collections import Counter

from pydantic import BaseModel, PositiveInt

from functions.workflows.digesting.documents import Document, Texts


class StructureConfig(BaseModel):
    outline_headings: PositiveInt = 40


class Heading(BaseModel):
    level: int
    text: str


class Structure(BaseModel):
    document: str
    headings: int
    depth: int
    paragraphs: int
    items: int
    quotes: int
    tables: int
    code_blocks: int
    links: int
    images: int
    passages: int
    outline: list[Heading]


class Structures(BaseModel):
    documents: list[Structure]


def outline_all(texts: Texts, config: StructureConfig) -> Structures:
    return Structures(
        documents=[outline(document, config.outline_headings) for document in texts.documents]
    )


def outline(document: Document, most: int) -> Structure:
    headings = [
        Heading(level=block.level, text=block.text)
        for block in document.blocks
        if block.kind == "heading"
    ]
    counts = Counter(block.kind for block in document.blocks)
    return Structure(
        document=document.name,
        headings=len(headings),
        depth=max((heading.level for heading in headings), default=0),
        paragraphs=counts["paragraph"],
        items=counts["item"],
        quotes=counts["quote"],
        tables=counts["table"],
        code_blocks=counts["code"],
        links=document.links,
        images=document.images,
        passages=len(document.passages),
        outline=headings[:most],
    )
