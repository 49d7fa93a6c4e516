"""What SAM made of it: `make test-build` builds first."""

import re
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

from tests.artefact.content import AT_HOME, CODE, ROOT, modules_in

BUILT: Final = ROOT / ".aws-sam" / "build"
FUNCTIONS: Final = ("ApiFunction", "TickFunction", "WorkerFunction")
ON_LAMBDA: Final = {
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}
# Unzipped, with layers, Lambda takes 250 MB.
MOST_BYTES: Final = 60_000_000

pytestmark = pytest.mark.built


@pytest.fixture(params=FUNCTIONS)
def artefact(request: pytest.FixtureRequest) -> Path:
    return BUILT / str(request.param)


def shipped(artefact: Path) -> set[str]:
    """Return the packages in it, as a lock spells them."""
    found = [each.name.removesuffix(".dist-info") for each in artefact.glob("*.dist-info")]
    return {"==".join(name.replace("_", "-").rsplit("-", maxsplit=1)) for name in found}


def locked() -> set[str]:
    """Return what is locked for Lambda: some packages are for other systems only."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = re.findall(r"^[a-z0-9-]+==[^\\]+", text, flags=re.MULTILINE)
    wanted = (Requirement(line.strip()) for line in lines)
    return {
        f"{each.name}{each.specifier}"
        for each in wanted
        if each.marker is None or each.marker.evaluate(ON_LAMBDA)
    }


def test_it_holds_the_locked_packages_and_no_other(artefact: Path) -> None:
    assert shipped(artefact) == locked()


def test_it_holds_our_code_without_what_only_works_at_home(artefact: Path) -> None:
    assert modules_in(artefact) == modules_in(ROOT)
    assert not [name for name in AT_HOME if (artefact / name).exists()]


def test_it_holds_no_tests_and_no_documents(artefact: Path) -> None:
    ours = {each.name for each in ROOT.iterdir()} - {*CODE, "LICENSE"}

    assert not ours & {each.name for each in artefact.iterdir()}


def test_what_is_compiled_is_compiled_for_what_lambda_runs(artefact: Path) -> None:
    libraries = [path.name for path in artefact.rglob("*.so")]

    assert libraries
    assert all("cpython-313-aarch64-linux-gnu" in name for name in libraries)
    assert all("cpython-313" in path.name for path in artefact.rglob("*.pyc"))


def test_it_stays_far_below_what_lambda_takes(artefact: Path) -> None:
    size = sum(path.stat().st_size for path in artefact.rglob("*") if path.is_file())

    assert size < MOST_BYTES


def test_all_functions_get_the_same() -> None:
    contents = {
        tuple(sorted(path.relative_to(BUILT / name) for path in (BUILT / name).rglob("*")))
        for name in FUNCTIONS
    }

    assert len(contents) == 1
