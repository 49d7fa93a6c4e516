"""The files that a digest reads, as text, and those that it leaves out, with the reason."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

from functions.workflows.digesting.blocks import Parsed
from functions.workflows.digesting.decoding import NotTextError, decode
from functions.workflows.digesting.finding import Kind, find_files, kind_of
from functions.workflows.digesting.pdf_blocks import SIGNATURE, UnreadablePdfError, parse_pdf
from kernel.authoring import Fatal

KINDS_READ: Final = "text, Markdown, HTML, CSV or PDF"


class Source(BaseModel):
    """What to digest."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(default=".", min_length=1, description="A file, or a folder of files.")
    title: str | None = Field(default=None, description="The report's title.")


class IngestConfig(BaseModel):
    max_files: PositiveInt = 100
    max_file_bytes: PositiveInt = 1_000_000
    max_pdf_bytes: PositiveInt = 20_000_000
    max_total_bytes: PositiveInt = 4_000_000


class File(BaseModel):
    """A file as text; of a PDF, whose bytes are not kept, what was read in it."""

    name: str
    kind: Kind
    encoding: str
    size: int
    text: str = ""
    parsed: Parsed | None = None


class Skipped(BaseModel):
    name: str
    reason: str


class Library(BaseModel):
    title: str
    files: list[File]
    skipped: list[Skipped] = []


class UnusableFileError(Exception):
    """A file that cannot be digested; the message goes on where its name ends."""

    def __init__(self, reason: str, cure: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure


@dataclass(kw_only=True)
class _Shelf:
    config: IngestConfig
    files: list[File] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    beyond: int = 0
    foreign: int = 0

    @property
    def _is_full(self) -> bool:
        return len(self.files) >= self.config.max_files

    def put(self, path: Path, name: str) -> None:
        kind = kind_of(path)
        if kind is None:
            self.foreign += 1
        elif self._is_full:
            self.beyond += 1
        else:
            self._put_known(path, name, kind)

    def _put_known(self, path: Path, name: str, kind: Kind) -> None:
        try:
            file = read_file(path, name, kind, self.config)
        except UnusableFileError as error:
            self.skipped.append(Skipped(name=name, reason=error.reason))
            return
        if sum(each.size for each in self.files) + file.size > self.config.max_total_bytes:
            self.beyond += 1
        else:
            self.files.append(file)

    def left_out(self) -> list[Skipped]:
        """Name what was skipped, and count what is too much to name."""
        limits = (
            f"beyond the first {self.config.max_files} files or "
            f"{self.config.max_total_bytes:,} bytes (config of `ingest`)"
        )
        return [
            *self.skipped,
            *_counted(self.beyond, "more", limits),
            *_counted(self.foreign, "other", f"not {KINDS_READ} by their names"),
        ]


def gather(source: Source, config: IngestConfig) -> Library:
    """Read the file or the folder that *source* names.

    Raises:
        Fatal: It is not there, or nothing in it can be used.
    """
    root = _located(source.path)
    title = source.title or f"Digest of {printable(root.name) or 'everything'}"
    if root.is_dir():
        return _gather_folder(root, title, source.path, config)
    try:
        file = read_file(root, printable(root.name), kind_of(root) or "text", config)
    except UnusableFileError as error:
        raise Fatal(f"The file '{source.path}' {error.reason}: {error.cure}.") from error
    return Library(title=title, files=[file])


def read_file(path: Path, name: str, kind: Kind, config: IngestConfig) -> File:
    content = _bytes_of(path, kind, config)
    if content.startswith(SIGNATURE):
        return _pdf_file(name, content)
    if kind == "pdf":
        raise UnusableFileError("is no PDF, whatever its name says", f"name a {KINDS_READ} file")
    try:
        decoded = decode(content)
    except NotTextError as error:
        raise UnusableFileError(
            f"is not text (it looks like {error})", f"name a {KINDS_READ} file"
        ) from error
    if not decoded.text.strip():
        raise UnusableFileError("is empty", "name a file with some text in it")
    return File(
        name=name, kind=kind, encoding=decoded.encoding, size=len(content), text=decoded.text
    )


def _pdf_file(name: str, content: bytes) -> File:
    try:
        parsed = parse_pdf(content)
    except UnreadablePdfError as error:
        raise UnusableFileError(error.reason, error.cure) from error
    size = sum(len(block.text.encode()) for block in parsed.blocks)
    version = content[len(SIGNATURE) :][:3].decode("ascii", "replace")
    return File(name=name, kind="pdf", encoding=version, size=size, parsed=parsed)


def printable(name: str) -> str:
    """Return *name* with a mark for each byte that is no character."""
    return os.fsencode(name).decode("utf-8", "replace")


def _gather_folder(root: Path, title: str, path: str, config: IngestConfig) -> Library:
    shelf = _Shelf(config=config)

    def note(error: OSError) -> None:
        folder = printable(os.path.relpath(error.filename, root))
        shelf.skipped.append(Skipped(name=folder, reason=f"cannot be read ({error.strerror})"))

    for file in find_files(root, on_error=note):
        shelf.put(file, printable(file.relative_to(root).as_posix()))
    if not shelf.files:
        raise Fatal(_nothing(path, shelf.left_out()))
    return Library(title=title, files=shelf.files, skipped=shelf.left_out())


def _located(path: str) -> Path:
    try:
        return Path(path).expanduser().resolve(strict=True)
    except FileNotFoundError:
        raise Fatal(
            f"There is no file or folder '{path}' (seen from '{Path.cwd()}'): "
            "check the spelling, or give its full path."
        ) from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Fatal(
            f"'{printable(path)}' cannot be reached ({reason}): give the path of a file or folder."
        ) from error


def _bytes_of(path: Path, kind: Kind, config: IngestConfig) -> bytes:
    name = "max_pdf_bytes" if kind == "pdf" else "max_file_bytes"
    limit: int = getattr(config, name)
    try:
        if not path.is_file():
            raise UnusableFileError("is not a regular file", "name a file or a folder")
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise UnusableFileError(
            f"cannot be read ({error.strerror})", "check who may read it"
        ) from error
    if len(content) > limit:
        raise UnusableFileError(
            f"is larger than {limit:,} bytes", f"split it, or raise `ingest.{name}`"
        )
    return content


def _counted(count: int, which: str, reason: str) -> list[Skipped]:
    files = "file" if count == 1 else "files"
    return [Skipped(name=f"{count:,} {which} {files}", reason=reason)] if count else []


def _nothing(path: str, left_out: list[Skipped]) -> str:
    details = "; ".join(f"{each.name}: {each.reason}" for each in left_out[:3])
    return (
        f"The folder '{path}' holds nothing to digest ({details or 'it is empty'}): "
        f"put {KINDS_READ} files there, or name a single file."
    )
