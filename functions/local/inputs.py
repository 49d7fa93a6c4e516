"""What the user hands to a run on the command line: JSON, a file of it, or standard input."""

import json
import sys
from pathlib import Path
from typing import Any

from functions.local.refusal import RefusalError


def read_json(text: str, *, option: str) -> Any:
    """Return the value that *text* gives: JSON itself, `@` and a file's name, or `-`.

    Raises:
        RefusalError: There is no such file, it cannot be read, or it is not JSON.
    """
    source, content = _content(text, option)
    try:
        return json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        hint = (
            f"""Quote it for the shell, such as {option} '{{"name": "Ada"}}',"""
            f" or keep it in a file: {option} @input.json."
        )
        raise RefusalError(f"{source} is not JSON: {_reason(error)}.", hint=hint) from error


def _content(text: str, option: str) -> tuple[str, str]:
    """Return what the source is called in a message, and what it says."""
    if text == "-":
        return "What came in on standard input", sys.stdin.read()
    if text.startswith("@"):
        return f"The file '{text[1:]}'", _read(Path(text[1:]), option)
    return f"What {option} gives", text


def _read(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        hint = "Save it as UTF-8."
        raise RefusalError(f"The file '{path}' is not UTF-8 text.", hint=hint) from error
    except OSError as error:
        why = (error.strerror or "it did not answer").lower()
        hint = f"{option} @FILE takes a file that you can read; paths start in this folder."
        raise RefusalError(f"The file '{path}' cannot be read: {why}.", hint=hint) from error


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
