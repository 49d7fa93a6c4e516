"""Traps that the reference engine's authors met late: what is kept, and under which name."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kernel.authoring import StageContext, stage
from kernel.commands.start_run import StartRun
from kernel.model.status import Status
from tests.promises.scenes import rerun
from tests.support.moves import execute, finish_alone
from tests.support.turns import LONG_PAGE, pages
from tests.support.workflows import Number
from tests.support.world import World

ROOT: Final = Path(__file__).parents[2]
PORTS: Final = sorted((ROOT / "kernel" / "ports").glob("*.py"))


def test_t02_a_start_that_was_made_is_not_made_again_and_does_no_harm(world: World) -> None:
    run_id = world.create("fan", {"value": 1})
    seen = world.run(run_id)
    world.dispatch(StartRun(seen=seen))
    before = len(world.persistence.commits)

    again = world.dispatch(StartRun(seen=seen))

    assert not again.started
    assert len(world.persistence.commits) == before
    assert world.finish(run_id).status is Status.COMPLETED


def test_t12_a_generation_keeps_its_blobs_beside_those_of_the_one_before(world: World) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)
    world.finish(run_id)

    rerun(world, run_id, "again")
    world.finish(run_id)

    kept = world.blobs.keys(f"runs/{run_id}/again/")
    assert list(kept) == [
        f"runs/{run_id}/again/0-1/output.json",
        f"runs/{run_id}/again/1-1/output.json",
    ]


@pytest.mark.parametrize("key", ["status", "priority", "version", "pk"])
def test_t13_a_fact_that_is_called_like_a_field_of_the_run_changes_none(
    world: World, key: str
) -> None:
    run_id = world.create("three", {"value": 1}, annotations={key: "mine"})

    run = world.finish(run_id)

    assert (run.status, run.priority) == (Status.COMPLETED, 5)
    assert [(one.key, one.value) for one in world.persistence.annotations(run_id)] == [
        (key, "mine")
    ]


def test_t16_what_a_stage_pinned_tells_which_generation_it_was(world: World) -> None:
    @stage(id="only")
    def noting(ctx: StageContext[Number, None]) -> Number:
        ctx.annotate("seen", ctx.input.value)
        return ctx.input

    run = finish_alone(world, noting)
    rerun(world, run.id, "only")
    world.finish(run.id)

    pinned = world.persistence.annotations(run.id)
    assert [(one.generation, one.attempt, one.value) for one in pinned] == [(0, 1, 1), (1, 1, 1)]


def test_t29_an_output_that_is_gone_fails_the_stage_and_no_input_stands_in_for_it(
    world: World,
) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)
    world.answer_one()
    execute(world, run_id, "echo")
    world.blobs.delete(f"runs/{run_id}/echo/0-1/output.json")

    result = execute(world, run_id, "again")

    assert world.run(run_id).status is Status.FAILED
    assert result.error is not None
    assert result.error.code == "NOT_FOUND"


def methods(path: Path) -> Iterator[str]:
    """Yield the names of all that a port offers."""
    for cls in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(cls, ast.ClassDef) and any("Protocol" in ast.unparse(b) for b in cls.bases):
            yield from (node.name for node in cls.body if isinstance(node, ast.FunctionDef))


def called() -> set[str]:
    """Return every name that is taken off something outside the adapters and the ports."""
    sources = [
        path
        for package in ("kernel", "functions")
        for path in (ROOT / package).rglob("*.py")
        if path not in PORTS
    ]
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in sources)
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_t35_a_port_offers_nothing_that_nobody_asks_for() -> None:
    idle = {name for path in PORTS for name in methods(path)} - called()

    # The history of a run is kept before there is a way in that shows it.
    assert idle <= {"past"}
