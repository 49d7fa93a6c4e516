"""Proves that the parts of a document are counted and its headings kept in order."""

from functions.workflows.digesting.structure import Heading, outline
from tests.functions.workflows.digesting.builders import a_document

TEXT = """# One

Text with a [link](x).

- item
- item

## Two

> Quote.

```
code
```

### Three
"""


def test_the_parts_of_a_document_are_counted() -> None:
    structure = outline(a_document(TEXT), most=40)

    assert (structure.headings, structure.depth, structure.passages) == (3, 3, 3)
    assert (structure.paragraphs, structure.items, structure.quotes) == (1, 2, 1)
    assert (structure.code_blocks, structure.tables) == (1, 0)
    assert (structure.links, structure.images) == (1, 0)


def test_the_outline_stops_where_it_is_told_to() -> None:
    structure = outline(a_document(TEXT), most=2)

    assert structure.outline == [Heading(level=1, text="One"), Heading(level=2, text="Two")]
    assert structure.headings == 3
