"""A transition is a pure function of what is stored: made twice, it changes nothing more."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.memory import MemoryRegistry
from kernel.authoring import StageContext, stage, workflow
from kernel.commands.advance_run import AdvanceRun, Moved
from kernel.commands.close_run import CloseRun
from kernel.errors import NotFoundError
from kernel.model.change import CreateStage, UpdateRun
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from kernel.procedures.publish_events import PublishEvents
from tests.support.moves import alter, begin, claimed, execute, failure, settled, success
from tests.support.workflows import Number, first, join, left, right
from tests.support.world import World

TWO = success({"value": 2})
LOST = failure("NO_LUCK", retryable=False)


def advance(world: World, run_id: str) -> Moved:
    return world.dispatch(AdvanceRun(run_id=run_id)).moved


@pytest.fixture
def run_id(world: World) -> str:
    """A run in its second group, which is *left* and *right*; one more follows."""
    run_id = begin(world, "diamond")
    execute(world, run_id, "first")
    return run_id


@pytest.mark.parametrize("second", [TWO, Skipped()], ids=["completed", "skipped"])
def test_a_group_that_is_done_makes_room_for_the_next(
    world: World, run_id: str, second: Verdict
) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", second)

    moved = advance(world, run_id)

    assert moved is Moved.ADVANCED
    assert world.run(run_id).cursor == 3
    assert world.stages(run_id)["join"].status is Status.PENDING
    assert [type(change) for change in world.persistence.commits[-1]] == [UpdateRun, CreateStage]


def test_the_next_group_is_rung_for(world: World, run_id: str) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)

    advance(world, run_id)

    bell = world.transport.last.bell
    assert (bell.stage_id, bell.group, bell.attempt, bell.payload) == ("join", 3, 1, None)


def test_a_sibling_that_is_not_finished_keeps_the_run_where_it_is(
    world: World, run_id: str
) -> None:
    settled(world, run_id, "left", TWO)
    claimed(world, run_id, "right")
    before = len(world.persistence.commits)

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING
    assert len(world.persistence.commits) == before


def test_a_sibling_of_an_older_generation_keeps_the_run_where_it_is(
    world: World, run_id: str
) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    alter(world, run_id, generation=1)

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING
    alter(world, run_id, generation=0)


def test_a_sibling_that_a_deployment_added_since_is_not_waited_for(
    world: World, run_id: str
) -> None:
    @stage(id="middle")
    def middle(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    wider = workflow("diamond", input=Number).pipe(first).parallel(left, middle, right)
    world.ports = replace(world.ports, registry=MemoryRegistry([wider.pipe(join).build()]))

    moved = advance(world, run_id)

    assert moved is Moved.ADVANCED
    assert world.run(run_id).cursor == 3
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_transition_that_was_made_is_not_made_again(world: World, run_id: str) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    advance(world, run_id)

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING
    assert world.run(run_id).cursor == 3


def test_of_two_who_advance_at_once_one_does(world: World, run_id: str) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    world.persistence.meanwhile(lambda: advance(world, run_id))

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING
    assert world.run(run_id).cursor == 3


@pytest.mark.parametrize("written", [{"generation": 1}, {"cursor": 3}], ids=str)
def test_a_run_that_moved_since_it_was_read_is_not_moved_again(
    world: World, run_id: str, written: dict[str, Any]
) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    world.persistence.meanwhile(lambda: alter(world, run_id, **written))

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING
    assert "join" not in world.stages(run_id)


def test_a_run_that_is_being_closed_does_not_advance(world: World, run_id: str) -> None:
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    closing = Closing(target=Status.CANCELLED)
    world.persistence.meanwhile(lambda: world.dispatch(CloseRun(run_id=run_id, closing=closing)))

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING
    assert "join" not in world.stages(run_id)


def test_a_failed_stage_fails_its_run_only_when_its_siblings_are_done(
    world: World, run_id: str
) -> None:
    settled(world, run_id, "left", LOST)
    early = advance(world, run_id)
    settled(world, run_id, "right", TWO)

    moved = advance(world, run_id)

    assert (early, moved) == (Moved.NOTHING, Moved.FAILED)
    assert world.run(run_id).status is Status.FAILED


def test_a_run_fails_with_the_error_of_its_first_failed_stage(world: World, run_id: str) -> None:
    settled(world, run_id, "right", failure("SECOND", retryable=False))
    settled(world, run_id, "left", failure("FIRST", retryable=False))

    advance(world, run_id)

    error = world.run(run_id).error
    assert error is not None
    assert (error.code, error.stage_id) == ("FIRST", "left")


def test_the_last_group_completes_the_run(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)

    moved = advance(world, run_id)

    run = world.run(run_id)
    assert moved is Moved.COMPLETED
    assert (run.status, run.completed_at) == (Status.COMPLETED, world.now)


class Sides(BaseModel):
    """What a workflow of two siblings declares to put out."""

    left: Number
    right: Number


def test_a_declared_output_that_fits_completes_the_run(world: World) -> None:
    world.learn(workflow("declared", input=Number, output=Sides).parallel(left, right).build())
    run_id = begin(world, "declared")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)

    moved = advance(world, run_id)

    assert moved is Moved.COMPLETED


def test_an_output_that_is_not_what_was_declared_fails_the_run(world: World) -> None:
    world.learn(workflow("declared", input=Number, output=Sides).parallel(left, right).build())
    run_id = begin(world, "declared")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", success({"value": "two"}))

    moved = advance(world, run_id)

    error = world.run(run_id).error
    assert moved is Moved.FAILED
    assert error is not None
    assert (error.code, error.stage_id) == ("INVALID_OUTPUT", None)
    assert "'declared'" in error.message


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_pending_run_is_not_moved(world: World, workflow_id: str) -> None:
    run_id = world.create(workflow_id, {"value": 1})

    moved = advance(world, run_id)

    assert moved is Moved.NOTHING


def test_a_run_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        advance(world, "nobody")


@pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
def test_an_end_that_is_written_while_others_flush_is_due_to_be_told(world: World) -> None:
    world.sink.down = True
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    world.persistence.meanwhile(lambda: flush_and_lose_the_bus(world, run_id))

    advance(world, run_id)

    world.sink.down = False
    world.pass_time(2 * world.policy.grace)
    world.tick()
    assert world.sink.types[-1] == "workflow:completed"


def flush_and_lose_the_bus(world: World, run_id: str) -> None:
    world.sink.down = False
    world.dispatch(PublishEvents(run_ids=[run_id]))
    world.sink.down = True
