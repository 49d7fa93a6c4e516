"""What processes that may die at any moment leave behind: lines, each written at once."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

FOLDER: Final = "KILL_FOLDER"


def folder() -> Path:
    """Return where the processes of this test leave everything."""
    return Path(os.environ[FOLDER])


def note(book: str, **facts: Any) -> None:
    """Add a line to *book*. It is there whole, or not at all."""
    line = f"{json.dumps(facts)}\n".encode()
    handle = os.open(folder() / book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


def lines(book: str) -> Sequence[Any]:
    """Return what was noted in *book*, oldest first."""
    path = folder() / book
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
