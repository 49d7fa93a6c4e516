"""Proves that a missing extra is said before any work, and what to do about it."""

import subprocess
import sys

import pytest

from functions.workflows.digesting.extras import MODULES, extra, require_extras
from kernel.authoring import Fatal


def test_a_library_that_is_not_there_is_named_with_the_way_to_get_it() -> None:
    with pytest.raises(Fatal, match=r"no_such_library.*pip install -e '\.\[digest\]'"):
        extra("no_such_library")


def test_all_missing_libraries_are_named_at_once() -> None:
    with pytest.raises(Fatal, match="not_this, nor_that"):
        require_extras(("json", "not_this", "nor_that"))


def test_with_the_extra_installed_nothing_is_missing() -> None:
    require_extras()

    assert [extra(module).__name__ for module in MODULES] == list(MODULES)


def test_the_workflows_are_imported_without_the_extra() -> None:
    program = (
        "import sys; "
        f"sys.modules.update(dict.fromkeys({MODULES!r})); "
        "import functions.workflows.digest, functions.workflows.hello"
    )

    finished = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)

    assert (finished.returncode, finished.stderr) == (0, b"")
