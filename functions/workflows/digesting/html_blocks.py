"""HTML to blocks, through Beautiful Soup: what a visitor reads, without menus and scripts."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from functions.workflows.digesting.blocks import Block, BlockKind, Parsed, squeezed
from functions.workflows.digesting.extras import extra

UNREAD: Final = ["script", "style", "template", "noscript", "nav", "svg", "head", "button"]
KINDS: Final[dict[str, BlockKind]] = {
    **dict.fromkeys(["h1", "h2", "h3", "h4", "h5", "h6"], "heading"),
    **dict.fromkeys(["li", "dt", "dd"], "item"),
    "blockquote": "quote",
    "table": "table",
    "pre": "code",
}
HOLDERS: Final = {
    *KINDS,
    *("p", "div", "section", "article", "main", "header", "footer", "aside", "figure"),
    *("figcaption", "caption", "ul", "ol", "dl", "form", "fieldset", "address", "details"),
    *("summary", "body", "html"),
}
# Beautiful Soup warns of XML that it parses as HTML; here that is what we want.
XML_DECLARATION: Final = re.compile(r"<\?xml", re.IGNORECASE)


def parse_html(text: str) -> Parsed:
    page = _page(text)
    title = squeezed(page.title.get_text()) if page.title else ""
    for unread in page.find_all(UNREAD):
        unread.extract()
    for line_break in page.find_all("br"):
        line_break.replace_with("\n")
    body = page.main or page
    blocks = list(_blocks(body))
    if title and not any(block.kind == "heading" for block in blocks):
        blocks.insert(0, Block(kind="heading", text=title, level=1))
    return Parsed(
        blocks=blocks,
        links=len(body.find_all("a", href=True)),
        images=len(body.find_all("img")),
    )


def _page(text: str) -> Any:
    bs4 = extra("bs4")
    # A page that starts with a tag is never mistaken for a file name or an address.
    page = f"<!doctype html>{XML_DECLARATION.sub('<?', text)}"
    try:
        return bs4.BeautifulSoup(page, "html.parser")
    except bs4.exceptions.ParserRejectedMarkup:
        # Of all that may be wrong with a page, only sections such as `<![odd]>` are refused.
        return bs4.BeautifulSoup(page.replace("<![", "&lt;!["), "html.parser")


def _blocks(body: Any) -> Iterator[Block]:
    for _, pairs in groupby(_strings(body), lambda pair: id(pair[0])):
        holders, strings = zip(*pairs, strict=True)
        block = _block(holders[0].name, strings)
        if block.text:
            yield block


def _strings(body: Any) -> Iterator[tuple[Any, str]]:
    """Yield each visible string with the element whose block it belongs to."""
    navigable = extra("bs4").NavigableString
    holders = {id(body): body}
    for node in body.descendants:
        holder = holders[id(node.parent)]
        if isinstance(node, navigable):
            # Comments and declarations are subclasses.
            if type(node) is navigable:
                yield holder, str(node)
        else:
            holders[id(node)] = _holder(node, holder)


def _holder(element: Any, outer: Any) -> Any:
    """Return what holds the strings of *element*: a table takes all that is in its cells."""
    return element if element.name in HOLDERS and outer.name not in {"pre", "table"} else outer


def _block(name: str, strings: Sequence[str]) -> Block:
    kind = KINDS.get(name, "paragraph")
    match kind:
        case "heading":
            return Block(kind=kind, text=squeezed("".join(strings)), level=int(name[1]))
        case "code":
            return Block(kind=kind, text="".join(strings).strip("\n"))
        case "table":
            return Block(kind=kind, text="\n".join(filter(None, map(squeezed, strings))))
        case _:
            return Block(kind=kind, text=squeezed("".join(strings)))
