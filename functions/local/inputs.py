"""What the user hands to a run on the command line: JSON, a file of it or of a table, or standard
input.
"""

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from functions.local.refusal import RefusalError

_DELIMITERS: Final = (",", ";", "\t")
_READABLE: Final = "Name a file that you can read; paths start in this folder."
_A_TABLE: Final = "Give it a line with the names of its columns, and a line for each record."


def read_input(file: Path | None, text: str | None) -> Any:
    """Return what a run is to work on: the *file* it was given, or what `--input` says.

    Raises:
        RefusalError: It cannot be read, or there are both.
    """
    if file is None:
        return None if text is None else read_json(text, option="--input")
    if text is not None:
        hint = "Leave one of them out."
        raise RefusalError(f"Is the input in '{file}', or in what --input gives?", hint=hint)
    return read_file(file)


def read_json(text: str, *, option: str) -> Any:
    """Return the value that *text* gives: JSON itself, `@` and a file's name, or `-`.

    Raises:
        RefusalError: There is no such file, it cannot be read, or it is not JSON.
    """
    source, content = _content(text, option)
    hint = (
        f"""Quote it for the shell, such as {option} '{{"name": "Ada"}}',"""
        f" or keep it in a file: {option} @input.json."
    )
    return _parsed(content, source, hint)


def read_file(path: Path) -> Any:
    """Return what the file says: JSON; or of a table (`.csv`, `.tsv`), an object for each line.

    The cells of a table are texts under the names in its first line; an empty one is left out.

    Raises:
        RefusalError: It cannot be read, is neither of them, or there is nothing in it.
    """
    text = _read(path, _READABLE).removeprefix("\ufeff")
    if not text.strip():
        raise RefusalError(f"The file '{path}' is empty.", hint=_A_TABLE)
    if path.suffix.lower() not in {".csv", ".tsv"}:
        hint = "Mend it; or end its name in .csv, if it is a table."
        return _parsed(text, f"The file '{path}'", hint)
    try:
        return list(_records(text))
    except (csv.Error, ValueError) as error:
        sentence = f"The file '{path}' is not a table: {error}."
        raise RefusalError(sentence, hint=_A_TABLE) from error


def _records(text: str) -> Iterator[dict[str, str]]:
    """Yield the lines of a table; raise `ValueError` where one is longer than the first."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    rows = csv.DictReader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
    rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
    for row in rows:
        if None in row:
            raise ValueError(f"line {rows.line_num} has more cells than there are columns")
        yield {name: cell.strip() for name, cell in row.items() if cell and cell.strip()}


def _parsed(content: str, source: str, hint: str) -> Any:
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RefusalError(f"{source} is not JSON: {_reason(error)}.", hint=hint) from error


def _content(text: str, option: str) -> tuple[str, str]:
    """Return what the source is called in a message, and what it says."""
    if text == "-":
        return "What came in on standard input", sys.stdin.read()
    if text.startswith("@"):
        hint = f"{option} @FILE takes a file that you can read; paths start in this folder."
        return f"The file '{text[1:]}'", _read(Path(text[1:]), hint)
    return f"What {option} gives", text


def _read(path: Path, readable: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8."
        raise RefusalError(f"The file '{path}' is not UTF-8 text.", hint=hint) from error
    except OSError as error:
        why = (error.strerror or "it did not answer").lower()
        raise RefusalError(f"The file '{path}' cannot be read: {why}.", hint=readable) from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at line {error.lineno}, column {error.colno}"
        case RecursionError():
            return "it is nested too deeply"
        case _:
            return str(error)
