"""Which files of a folder are documents: never those that tools put there, never in circles."""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["text", "markdown", "html", "csv", "pdf"]

KINDS: Final[dict[str, Kind]] = {
    ".txt": "text",
    ".text": "text",
    ".rst": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".htm": "html",
    ".html": "html",
    ".xhtml": "html",
    ".csv": "csv",
    ".tsv": "csv",
    ".pdf": "pdf",
}
IGNORED_FOLDERS: Final = {
    *("node_modules", "__pycache__", "site-packages", "build", "dist", "htmlcov", "target"),
    *("venv", "env"),
}
# A home directory holds millions of files; a digest of it helps nobody.
MOST_FILES_SEEN: Final = 20_000
# This project's root. Its own documents are at the top and in `docs`; the rest is code.
PROJECT: Final = Path(__file__).resolve().parents[3]

OnError: TypeAlias = Callable[[OSError], None]


def find_files(root: Path, *, on_error: OnError, project: Path = PROJECT) -> list[Path]:
    """Return the files below *root* in a stable order; folders that cannot be read go to
    *on_error*, links to folders are not followed.
    """
    found = _own_documents(root, on_error) if root == project else _walk(root, on_error)
    return list(islice(found, MOST_FILES_SEEN))


def kind_of(path: Path) -> Kind | None:
    return KINDS.get(path.suffix.lower())


def _own_documents(project: Path, on_error: OnError) -> Iterator[Path]:
    yield from sorted(project.glob("*.md"))
    if (project / "docs").is_dir():
        yield from _walk(project / "docs", on_error)


def _walk(root: Path, on_error: OnError) -> Iterator[Path]:
    for folder, folders, names in os.walk(root, onerror=on_error):
        folders[:] = sorted(name for name in folders if _is_worth_entering(name))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def _is_worth_entering(folder: str) -> bool:
    return not folder.startswith(".") and folder.lower() not in IGNORED_FOLDERS
