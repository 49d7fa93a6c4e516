"""Proves what is read and what is left out, and that each refusal says what to do."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from functions.workflows.digesting.finding import find_files
from functions.workflows.digesting.library import IngestConfig, Library, Source, gather
from kernel.authoring import Fatal


def write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def gathered(path: Path, **limits: int) -> Library:
    return gather(Source(path=str(path)), IngestConfig(**limits))


def names_in(library: Library) -> list[str]:
    return [file.name for file in library.files]


def reasons_in(library: Library) -> dict[str, str]:
    return {skipped.name: skipped.reason for skipped in library.skipped}


def test_every_kind_of_document_is_found_in_the_folder_and_below(tmp_path: Path) -> None:
    write(tmp_path, {"a.md": "# A", "b.TXT": "b", "sub/c.html": "<p>c", "sub/deep/d.csv": "d,e"})

    library = gathered(tmp_path)

    assert names_in(library) == ["a.md", "b.TXT", "sub/c.html", "sub/deep/d.csv"]
    assert [file.kind for file in library.files] == ["markdown", "text", "html", "csv"]
    assert library.title == f"Digest of {tmp_path.name}"


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    path = tmp_path / "notes for Zoé 📝.rem"
    path.write_text("Some words.", encoding="utf-8")

    library = gather(Source(path=str(path), title="Mine"), IngestConfig())

    assert names_in(library) == ["notes for Zoé 📝.rem"]
    assert library.files[0].kind == "text"
    assert library.title == "Mine"


def test_what_tools_put_there_is_not_read(tmp_path: Path) -> None:
    folders = [".git", ".venv", "node_modules", "build", "__pycache__", "venv"]
    write(tmp_path, {f"{name}/x.md": "No." for name in folders})
    write(tmp_path, {"kept.md": "Kept.", ".hidden.md": "No."})

    library = gathered(tmp_path)

    assert names_in(library) == ["kept.md"]
    assert library.skipped == []


def test_links_that_run_in_circles_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"sub/a.md": "A."})
    (tmp_path / "sub" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "loop.md").symlink_to(tmp_path / "loop.md")

    library = gathered(tmp_path)

    assert names_in(library) == ["sub/a.md"]
    assert reasons_in(library) == {"loop.md": "is not a regular file"}


def test_files_of_a_folder_that_cannot_be_used_are_left_out_with_the_reason(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        {"good.md": "Good.", "empty.md": "", "blank.txt": " \n\t\n", "large.txt": "x" * 2_000},
    )
    (tmp_path / "noise.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0" + bytes(range(256)) * 3)
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8")

    library = gathered(tmp_path, max_file_bytes=1_000)

    assert names_in(library) == ["good.md"]
    assert reasons_in(library) == {
        "blank.txt": "is empty",
        "empty.md": "is empty",
        "gone.md": "is not a regular file",
        "large.txt": "is larger than 1,000 bytes",
        "noise.txt": "is not text (it looks like image/png)",
        "1 other file": "not text, Markdown, HTML, CSV or PDF by their names",
    }


def test_a_file_that_may_not_be_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"good.md": "Good.", "secret.md": "Secret."})
    opened = Path.open

    def refuse(path: Path, mode: str = "r") -> object:
        if path.name == "secret.md":
            raise PermissionError(13, "Permission denied")
        return opened(path, mode)

    monkeypatch.setattr(Path, "open", refuse)

    library = gathered(tmp_path)

    assert names_in(library) == ["good.md"]
    assert reasons_in(library) == {"secret.md": "cannot be read (Permission denied)"}


def test_a_folder_that_may_not_be_read_is_left_out(tmp_path: Path) -> None:
    seen: list[OSError] = []

    files = find_files(tmp_path / "nowhere", on_error=seen.append)

    assert files == []
    assert [error.strerror for error in seen] == ["No such file or directory"]


@pytest.mark.parametrize("limits", [{"max_files": 2}, {"max_total_bytes": 9}])
def test_beyond_the_limits_files_are_counted(tmp_path: Path, limits: dict[str, int]) -> None:
    write(tmp_path, {f"{name}.md": name * 4 for name in "abcd"})

    library = gathered(tmp_path, **limits)

    assert names_in(library) == ["a.md", "b.md"]
    assert [skipped.name for skipped in library.skipped] == ["2 more files"]


def test_a_name_that_is_no_text_is_shown_all_the_same(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(path, "wb") as stream:  # noqa: PTH123 - a Path cannot be made of bytes
        stream.write(b"Some words.")

    library = gathered(tmp_path)

    assert names_in(library) == ["caf\ufffd.txt"]


def test_of_this_project_only_the_documents_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"README.md": "r", "docs/a.md": "a", "src/page.html": "<p>", "requirements.txt": "x"},
    )

    files = find_files(tmp_path, on_error=lambda _: None, project=tmp_path)

    assert [path.name for path in files] == ["README.md", "a.md"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Path.is_file, r"There is no file or folder '.*it' \(seen from '.*'\): check the"),
        (lambda path: path.write_bytes(b""), r"'.*it' is empty: name a file with some text in it"),
        (lambda path: path.write_text("  \n"), r"'.*it' is empty: name"),
        (lambda path: path.write_bytes(b"\0\1\2" * 99), r"is not text .*: name a text, Markdown"),
        (lambda path: path.write_text("x" * 999), r"is larger than 500 bytes: split it, or raise"),
        (os.mkfifo, r"is not a regular file: name a file or a folder"),
        (lambda path: path.mkdir(), r"The folder '.*it' holds nothing to digest \(it is empty\)"),
        (lambda path: path.symlink_to(path), r"'.*it' cannot be reached \(.*\): give the path"),
    ],
    ids=["missing", "empty", "blank", "binary", "large", "fifo", "folder", "loop"],
)
def test_what_cannot_be_digested_at_all_says_what_to_do(
    tmp_path: Path, make: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / "it"
    make(path)

    with pytest.raises(Fatal, match=message):
        gathered(path, max_file_bytes=500)


def test_a_path_that_no_system_takes_is_refused() -> None:
    with pytest.raises(Fatal, match="cannot be reached"):
        gather(Source(path="a\0b"), IngestConfig())


def test_a_folder_with_nothing_usable_says_why(tmp_path: Path) -> None:
    write(tmp_path, {"empty.md": "", "photo.jpg": "x"})

    with pytest.raises(Fatal, match=r"\(empty\.md: is empty; 1 other file: not text.*\): put"):
        gathered(tmp_path)
