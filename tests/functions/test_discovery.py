"""Workflows are found wherever they are in their package; one that is broken stops it all."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from functions.discovery import DiscoveryError, discover
from kernel.model.ids import short

A_WORKFLOW: Final = """
from pydantic import BaseModel
from kernel.authoring import StageContext, stage, workflow

class Guest(BaseModel):
    name: str = "world"

@stage
def greet(ctx: StageContext[Guest, None]) -> Guest:
    return ctx.input

NAME = workflow("NAME", input=Guest).pipe(greet).build()
"""

# Imported modules stay, so each package has a name of its own.
MakePackage = Callable[[str, Mapping[str, str]], None]


def defining(name: str) -> str:
    return A_WORKFLOW.replace("NAME", name)


@pytest.fixture
def make_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePackage:
    monkeypatch.syspath_prepend(tmp_path)

    def make(package: str, modules: Mapping[str, str]) -> None:
        for module, text in {"__init__.py": "", **modules}.items():
            path = tmp_path / package / module
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return make


def test_workflows_are_found_in_every_module_by_id(make_package: MakePackage) -> None:
    make_package(
        "found_everywhere",
        {
            "__init__.py": defining("zero"),
            "one.py": defining("one"),
            "more/__init__.py": "",
            "more/deep.py": defining("deep"),
        },
    )

    found = discover("found_everywhere")

    assert [workflow.id for workflow in found] == ["deep", "one", "zero"]


def test_a_module_does_as_well_as_a_package(make_package: MakePackage) -> None:
    make_package("with_a_module", {"alone.py": defining("alone")})

    found = discover("with_a_module.alone")

    assert [workflow.id for workflow in found] == ["alone"]


def test_a_workflow_that_is_imported_elsewhere_is_still_one(make_package: MakePackage) -> None:
    make_package(
        "imported_twice",
        {"one.py": defining("one"), "two.py": "from imported_twice.one import one as same\n"},
    )

    found = discover("imported_twice")

    assert [workflow.id for workflow in found] == ["one"]


def test_two_workflows_with_one_id_are_named_with_their_modules(
    make_package: MakePackage,
) -> None:
    make_package("doubled", {"one.py": defining("same"), "two.py": defining("same")})

    with pytest.raises(DiscoveryError) as caught:
        discover("doubled")

    assert str(caught.value) == (
        "Two workflows have the id 'same', one in 'doubled.one' and one in 'doubled.two';"
        " rename one."
    )


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("import nonesuch_at_all", "ModuleNotFoundError: No module named 'nonesuch_at_all'"),
        ("def half(", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        (
            "from kernel.authoring import workflow\nworkflow('w', input=int).build()",
            "DefinitionError",
        ),
    ],
)
def test_a_broken_module_is_named_with_the_cause(
    text: str, cause: str, make_package: MakePackage
) -> None:
    package = f"broken_by_{short(text)}"
    make_package(package, {"fine.py": defining("fine"), "ill.py": text})

    with pytest.raises(DiscoveryError) as caught:
        discover(package)

    message = str(caught.value)
    assert message.startswith(f"The workflow module '{package}.ill' cannot be imported: {cause}")
    assert message.endswith(". Mend it, or take it out of the package.")


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(DiscoveryError, match="'no_such_package' cannot be imported"):
        discover("no_such_package")


def test_a_package_without_workflows_is_refused(make_package: MakePackage) -> None:
    make_package("without_any", {"one.py": "X = 1\n"})

    with pytest.raises(DiscoveryError, match="'without_any' defines no workflow; HEADRACE_WORKFL"):
        discover("without_any")


def test_the_workflows_that_are_shipped_can_be_loaded() -> None:
    found = discover("functions.workflows")

    assert {"digest", "hello", "review"} <= {workflow.id for workflow in found}
