"""A body's input comes with its bell, or from the store, which is the truth."""

from dataclasses import replace
from typing import Any

import pytest

from kernel.errors import NotFoundError
from kernel.model.json import Json
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.procedures.execute_job import ExecuteJob
from kernel.procedures.materials import earlier, gather
from tests.support.moves import begin, execute
from tests.support.turns import LONG_PAGE, pages
from tests.support.world import World


def gathered(world: World, run_id: str, stage_id: str, payload: Any = None) -> Json:
    stage = world.stages(run_id)[stage_id]
    return gather(world.ports, stage, payload).input


def test_a_bell_that_carries_the_input_saves_the_read(world: World) -> None:
    run_id = begin(world, "three")
    carried = world.transport.last.bell.payload

    found = gathered(world, run_id, "first", carried)

    assert carried is not None
    assert found == {"value": 1}


def test_a_copy_that_was_tampered_with_is_ignored(world: World) -> None:
    run_id = begin(world, "three")
    bell = replace(world.transport.last.bell, payload={"input": {"value": 1_000}, "config": {}})

    world.dispatch(ExecuteJob(bell=bell))

    assert world.output(run_id, "first") == {"value": 2}


@pytest.mark.parametrize(
    "payload", [{}, {"input": None}, {"input": {"value": 1}}, {"config": []}], ids=str
)
def test_half_a_copy_is_no_copy(world: World, payload: dict[str, Json]) -> None:
    run_id = begin(world, "three")

    found = gathered(world, run_id, "first", payload)

    assert found == {"value": 1}


def test_a_record_without_a_digest_trusts_no_copy(world: World) -> None:
    world.policy = Policy(bell_limit=1)
    run_id = begin(world, "three")

    found = gathered(world, run_id, "first", {"input": {"value": 1_000}, "config": {}})

    assert found == {"value": 1}


def test_the_first_stage_gets_the_runs_input(world: World) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)
    world.answer_one()

    found = gathered(world, run_id, "echo")

    assert found == LONG_PAGE


def test_a_later_stage_gets_the_output_before_it(world: World) -> None:
    run_id = begin(world, "three")
    execute(world, run_id, "first")

    found = gathered(world, run_id, "second")

    assert found == {"value": 2}


def test_after_a_group_a_stage_gets_every_output_by_its_stages_id(world: World) -> None:
    run_id = begin(world, "diamond")
    execute(world, run_id, "first")
    execute(world, run_id, "right")
    execute(world, run_id, "left")

    found = gathered(world, run_id, "join")

    assert found == {"left": {"value": 4}, "right": {"value": 6}}


def lose(world: World, prefix: str) -> None:
    """Let every blob below *prefix* be gone."""
    for key in world.blobs.keys(prefix):
        world.blobs.delete(key)


def test_an_output_whose_blob_is_gone_is_not_found(world: World) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)
    world.answer_one()
    execute(world, run_id, "echo")
    lose(world, f"runs/{run_id}/echo/")

    with pytest.raises(NotFoundError, match="no blob"):
        gathered(world, run_id, "again")


def test_an_input_whose_blob_is_gone_fails_the_stage(world: World) -> None:
    world.learn(pages)
    world.policy = Policy(bell_limit=1)
    run_id = world.create("pages", LONG_PAGE)
    world.answer_one()
    execute(world, run_id, "echo")
    lose(world, f"runs/{run_id}/echo/")

    result = execute(world, run_id, "again")

    assert result.error is not None
    assert (result.error.code, world.run(run_id).status) == ("NOT_FOUND", Status.FAILED)


def test_a_stage_that_was_not_made_is_not_found(world: World) -> None:
    run_id = begin(world, "three")

    with pytest.raises(NotFoundError, match="'third'"):
        earlier(world.ports, world.ports.registry.workflow("three"), run_id, "third")
