"""Proves that each kind of file becomes the blocks that its reader sees."""

import pytest

from functions.workflows.digesting.blocks import Parsed
from functions.workflows.digesting.csv_blocks import parse_csv
from functions.workflows.digesting.html_blocks import parse_html
from functions.workflows.digesting.markdown_blocks import parse_markdown
from functions.workflows.digesting.plain_blocks import parse_plain

MARKDOWN = """---
title: Front matter
---
# One *two*

A `word` and a [link](x.md "t"),
on two lines. ![A picture](p.png)

<div>Some <b>HTML</b></div>

> Quoted.

- item
  - inner *item*

1. first

| a | b |
|---|---|
| c | **d** |

```python
x = 1
```

## Three
"""

HTML = """<?xml version="1.0" encoding="utf-8"?>
<html><head><title>Title</title><style>p { color: red }</style></head>
<body><nav>Menu</nav><!-- hidden --><h1>One <em>two</em></h1>
loose<p>A <a href="x">link</a>,<br>broken &amp; <img src="p.png" alt=""> mended</p>
<ul><li>outer<ul><li>inner</li></ul></li></ul><blockquote><p>Quoted</p></blockquote>
<table><tr><th>a</th><td><p>b</p></td></tr></table><pre>x = 1
  y</pre><script>alert(1)</script></body></html>"""


def shown(parsed: Parsed) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in parsed.blocks]


def test_markdown_becomes_blocks() -> None:
    parsed = parse_markdown(MARKDOWN)

    assert shown(parsed) == [
        ("heading", "One two"),
        ("paragraph", "A word and a link, on two lines. A picture"),
        ("paragraph", "Some HTML"),
        ("quote", "Quoted."),
        ("item", "item"),
        ("item", "inner item"),
        ("item", "first"),
        ("table", "a\nb\nc\nd"),
        ("code", "x = 1"),
        ("heading", "Three"),
    ]
    assert [block.level for block in parsed.blocks if block.level] == [1, 2]
    assert (parsed.links, parsed.images) == (1, 1)


def test_html_becomes_the_blocks_that_a_visitor_reads() -> None:
    parsed = parse_html(HTML)

    assert shown(parsed) == [
        ("heading", "One two"),
        ("paragraph", "loose"),
        ("paragraph", "A link, broken & mended"),
        ("item", "outer"),
        ("item", "inner"),
        ("paragraph", "Quoted"),
        ("table", "a\nb"),
        ("code", "x = 1\n  y"),
    ]
    assert (parsed.links, parsed.images) == (1, 1)


def test_the_main_part_of_a_page_is_enough() -> None:
    parsed = parse_html("<title>T</title><body>Menu<main><p>Text</main>Imprint")

    assert shown(parsed) == [("heading", "T"), ("paragraph", "Text")]


@pytest.mark.parametrize(
    "text", ["http://example.org", "file.html", "", "<", "<p", "]]>", "<?xml", "a<?XML ?>"]
)
def test_what_is_hardly_html_is_read_without_a_warning(text: str) -> None:
    parsed = parse_html(text)

    assert parsed.links == 0


def test_a_page_that_the_parser_refuses_is_read_all_the_same() -> None:
    parsed = parse_html("<p>One</p><![odd ]><p>Two</p>")

    assert shown(parsed) == [
        ("paragraph", "One"),
        ("paragraph", "<![odd ]>"),
        ("paragraph", "Two"),
    ]


def test_html_may_be_as_deep_as_it_likes() -> None:
    parsed = parse_html("<div>x" * 5_000)

    assert len(parsed.blocks) == 5_000


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("name,age\nAda,36\nAlan,41\n", "A table of 2 rows with the columns name, age."),
        ("name;city\nZoé;Łódź\n", "A table of 1 row with the columns name, city."),
        ("name\tage\nAda\t36\n", "A table of 1 row with the columns name, age."),
        ('a,b\n"x, y\nz",2\n', "A table of 1 row with the columns a, b."),
        ("lonely\n", "A table of 0 rows with the columns lonely."),
    ],
)
def test_a_table_is_described(text: str, described: str) -> None:
    parsed = parse_csv(text)

    assert shown(parsed)[0] == ("note", described)


def test_the_cells_of_a_table_follow() -> None:
    parsed = parse_csv("a,b\nc d,\n,,\n,e\n")

    assert shown(parsed)[1:] == [("table", "a\nb\nc d\ne")]


def test_a_table_that_is_none_is_read_as_text() -> None:
    parsed = parse_csv(f"a,b\n{'x' * 200_000}")

    assert [block.kind for block in parsed.blocks] == ["paragraph"]


def test_a_table_of_nothing_has_no_blocks() -> None:
    parsed = parse_csv(",,\n,,\n")

    assert parsed.blocks == []


def test_plain_text_becomes_paragraphs_and_items() -> None:
    parsed = parse_plain("One\ntwo.\n \n\nThings:\n- first\n- second\n  more\n\n3) third\n")

    assert shown(parsed) == [
        ("paragraph", "One two."),
        ("paragraph", "Things:"),
        ("item", "first"),
        ("item", "second more"),
        ("item", "third"),
    ]
