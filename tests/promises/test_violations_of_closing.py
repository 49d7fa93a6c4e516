"""Violations 7 to 10: when a cancel returns, nothing of its run commits; nothing else is hit."""

import pytest

from kernel.commands.advance_run import AdvanceRun, Moved
from kernel.commands.claim_stage import Refusal
from kernel.commands.fence_stage import FenceStage
from kernel.model.status import Status
from kernel.procedures import cancel_run
from tests.promises.scenes import TWO, at_commit, cancel, close, rerun, statuses
from tests.support.moves import begin, claim, claimed, execute, settle, settled
from tests.support.world import World

LONE_OR_NOT = pytest.mark.parametrize(
    ("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")]
)


@LONE_OR_NOT
def test_v07_an_old_cancel_that_lists_late_leaves_the_next_generation_alone(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    cancel(world, run_id)
    rerun(world, run_id, stage_id)

    cancel_run.finish(world.kernel, run_id, generation=0)

    assert world.run(run_id).status is Status.RUNNING
    assert {*statuses(world, run_id).values()} == {Status.PENDING}
    world.finish(run_id)


@LONE_OR_NOT
def test_v07_an_old_cancel_that_listed_before_fences_nothing_of_the_next_generation(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    close(world, run_id)
    seen = world.stages(run_id)[stage_id]
    cancel(world, run_id)
    rerun(world, run_id, stage_id)

    fenced = world.dispatch(FenceStage(seen=seen)).fenced

    assert not fenced
    assert world.stages(run_id)[stage_id].status is Status.PENDING
    world.finish(run_id)


def test_v07_an_old_cancel_does_not_end_the_next_generation_that_is_being_cancelled(
    world: World,
) -> None:
    run_id = begin(world, "fan")
    close(world, run_id)
    at_commit(world, 3, lambda: next_one_is_closed(world, run_id))

    cancel_run.finish(world.kernel, run_id, generation=0)

    run = world.run(run_id)
    assert (run.status, run.generation) == (Status.RUNNING, 1)
    assert {*statuses(world, run_id).values()} == {Status.PENDING}
    cancel(world, run_id)


def next_one_is_closed(world: World, run_id: str) -> None:
    cancel(world, run_id)
    rerun(world, run_id, "left")
    close(world, run_id)


@LONE_OR_NOT
def test_v08_a_cancel_that_finds_another_under_way_returns_when_nothing_can_start_any_more(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    close(world, run_id)

    result = cancel(world, run_id)

    assert result.cancelled
    assert world.run(run_id).status is Status.CANCELLED
    assert claim(world, run_id, stage_id).refusal is not None


def test_v09_a_stage_that_is_made_before_the_close_is_fenced(world: World) -> None:
    run_id = begin(world, "three")
    at_commit(world, 1, lambda: execute(world, run_id, "first"))

    cancel(world, run_id)

    assert statuses(world, run_id) == {"first": Status.COMPLETED, "second": Status.CANCELLED}
    assert world.run(run_id).status is Status.CANCELLED


def test_v09_a_run_that_is_being_closed_is_not_moved_on_by_the_settling_of_its_stage(
    world: World,
) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    at_commit(world, 1, lambda: close(world, run_id))

    late = settle(world, held, TWO)

    assert late is None
    assert statuses(world, run_id) == {"first": Status.RUNNING}
    cancel(world, run_id)


def test_v09_a_run_that_is_being_closed_is_not_moved_on_by_a_transition(world: World) -> None:
    run_id = begin(world, "diamond")
    execute(world, run_id, "first")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    at_commit(world, 1, lambda: close(world, run_id))

    late = world.dispatch(AdvanceRun(run_id=run_id))

    assert late.moved is Moved.NOTHING
    assert "join" not in world.stages(run_id)
    cancel(world, run_id)


@LONE_OR_NOT
def test_v10_a_stage_that_changed_since_it_was_listed_is_fenced_all_the_same(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    at_commit(world, 2, lambda: claimed(world, run_id, stage_id))

    cancel(world, run_id)

    stage = world.stages(run_id)[stage_id]
    assert (stage.status, stage.attempt, stage.lease) == (Status.CANCELLED, 1, None)
    assert claim(world, run_id, stage_id).refusal is Refusal.FINISHED
