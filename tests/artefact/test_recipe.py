"""What the recipe puts together, with packages that a test made: no index is asked."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.artefact.content import AT_HOME, CODE, ROOT, modules_in

UNCHECKED_HASH: Final = (1).to_bytes(4, "little")
PROGRAM: Final = """
from functions import api, tick, worker
from functions.discovery import discover
print(*{module.__file__ for module in (api, tick, worker)}, sep="\\n")
print([workflow.id for workflow in discover("functions.workflows")])
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip leaves it, with one package in it."""
    folder = tmp_path_factory.mktemp("packages")
    for name in (
        *("bin/once", "once/__init__.py", "once-1.dist-info/METADATA", "once-1.dist-info/RECORD"),
        *("once-1.dist-info/entry_points.txt", "once-1.dist-info/licenses/LICENSE"),
        ".locked",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def artefact(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("made"), packages, compiler=sys.executable)


def build(folder: Path, packages: Path, *, compiler: str) -> Path:
    done = subprocess.run(
        [
            *("make", "build-WorkerFunction", f"ARTIFACTS_DIR={folder}"),
            *(f"PACKAGES={packages}", f"COMPILER={compiler}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def files_in(folder: Path) -> Iterator[str]:
    yield from (
        each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()
    )


def test_it_holds_the_code_and_the_packages_and_nothing_else(artefact: Path) -> None:
    folders = {each.name for each in artefact.iterdir()}

    assert folders == {*CODE, "once", "once-1.dist-info"}
    assert modules_in(artefact) == modules_in(ROOT)


@pytest.mark.parametrize("name", AT_HOME)
def test_what_only_works_at_home_stays_there(artefact: Path, name: str) -> None:
    assert (ROOT / name).exists()
    assert not (artefact / name).exists()


def test_of_what_pip_notes_it_keeps_what_programs_and_lawyers_read(artefact: Path) -> None:
    kept = set(files_in(artefact / "once-1.dist-info"))

    assert kept == {"METADATA", "entry_points.txt", "licenses/LICENSE"}


def test_its_bytecode_counts_whatever_the_time_of_a_file_has_become(artefact: Path) -> None:
    compiled = [*artefact.rglob("*.pyc")]

    flags = {each.read_bytes()[4:8] for each in compiled}

    assert flags == {UNCHECKED_HASH}
    assert len(compiled) == len([*artefact.rglob("*.py")])


def test_nobody_elses_bytecode_is_in_it(packages: Path, tmp_path: Path) -> None:
    made = build(tmp_path, packages, compiler="")

    assert not [name for name in files_in(made) if "__pycache__" in name]


def test_every_way_in_starts_from_it(artefact: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        cwd=artefact,
        env={**os.environ, "PYTHONPATH": str(artefact)},
        capture_output=True,
        text=True,
        check=True,
    )

    *places, workflows = done.stdout.splitlines()

    assert all(place.startswith(str(artefact)) for place in places)
    assert workflows == "['hello']"
