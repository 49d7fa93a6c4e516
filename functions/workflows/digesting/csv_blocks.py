"""A table of comma-separated values as blocks: what it holds, then its cells."""

import csv
from typing import Final

from functions.workflows.digesting.blocks import Block, Parsed, squeezed

SAMPLE: Final = 20_000
DELIMITERS: Final = ",;\t|"
ROWS_AT_ONCE: Final = 50


def parse_csv(text: str) -> Parsed:
    try:
        rows = [row for row in csv.reader(text.splitlines(), _dialect(text)) if any(row)]
    except csv.Error:
        return Parsed(blocks=[Block(kind="paragraph", text=squeezed(text))])
    return Parsed(blocks=[_described(rows), *_tables(rows)] if rows else [])


def _dialect(text: str) -> type[csv.Dialect]:
    try:
        return csv.Sniffer().sniff(text[:SAMPLE], delimiters=DELIMITERS)
    except csv.Error:
        return csv.excel


def _described(rows: list[list[str]]) -> Block:
    columns = ", ".join(squeezed(cell) for cell in rows[0])
    count = len(rows) - 1
    return Block(
        kind="note",
        text=f"A table of {count:,} row{'' if count == 1 else 's'} with the columns {columns}.",
    )


def _tables(rows: list[list[str]]) -> list[Block]:
    starts = range(0, len(rows), ROWS_AT_ONCE)
    return [_table(rows[start : start + ROWS_AT_ONCE]) for start in starts]


def _table(rows: list[list[str]]) -> Block:
    cells = (squeezed(cell) for row in rows for cell in row)
    return Block(kind="table", text="\n".join(filter(None, cells)))
