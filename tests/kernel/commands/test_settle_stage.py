"""Only the holder of the lease says how an attempt ended; a late word changes nothing."""

import pytest

from kernel.commands.close_run import CloseRun
from kernel.errors import ConditionFailedError, ConflictError
from kernel.model.change import AddAnnotation, CreateStage, UpdateRun, UpdateStage
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from tests.support.builders import an_annotation
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    claimed,
    failure,
    kinds,
    settle,
    settled,
    success,
    suspending,
)
from tests.support.world import World

TWO = success({"value": 2})
VERDICTS = pytest.mark.parametrize(
    "verdict",
    [TWO, Skipped(), suspending(), failure(), failure(retryable=False)],
    ids=["completed", "skipped", "suspended", "retried", "failed"],
)


def test_a_stage_alone_settles_and_advances_in_one_commit(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    before = len(world.persistence.commits)

    settle(world, held, TWO)

    commits = world.persistence.commits[before:]
    assert [kinds(commit) for commit in commits] == [[UpdateStage, UpdateRun, CreateStage]]
    assert world.run(run_id).cursor == 2
    assert world.stages(run_id)["second"].status is Status.PENDING


def test_the_last_stage_alone_completes_its_run_in_one_commit(world: World) -> None:
    run_id = begin(world, "three")
    settled(world, run_id, "first", TWO)
    settled(world, run_id, "second", TWO)
    held = claimed(world, run_id, "third")
    before = len(world.persistence.commits)

    settle(world, held, TWO)

    assert kinds(world.persistence.commits[before]) == [UpdateStage, UpdateRun]
    assert world.run(run_id).status is Status.COMPLETED
    assert world.run(run_id).completed_at == world.now


def test_one_of_several_settles_alone_and_is_marked_unadvanced(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")

    settle(world, held, TWO)

    stage = world.stages(run_id)["left"]
    assert kinds(world.persistence.commits[-1]) == [UpdateStage]
    assert (stage.status, stage.unadvanced) == (Status.COMPLETED, True)
    assert stage.due_at is not None
    assert stage.due_at <= world.now + world.policy.grace


def test_a_settled_stage_keeps_its_result_and_who_settled_it(world: World) -> None:
    run_id = begin(world, "three")

    stage = settled(world, run_id, "first", TWO)

    assert stage.result == TWO.result
    assert (stage.settled_by, stage.lease, stage.completed_at) == ("mine", None, world.now)
    assert stage.due_at is None


def test_the_next_bell_carries_the_output_and_the_config(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")

    settle(world, held, TWO, config={"second": {"amount": 5}})

    bell = world.transport.last.bell
    assert (bell.stage_id, bell.attempt) == ("second", 1)
    assert bell.payload == {"input": {"value": 2}, "config": {"second": {"amount": 5}}}


def test_without_the_config_the_next_bell_carries_nothing(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")

    settle(world, held, TWO)

    assert world.transport.last.bell.payload is None


@VERDICTS
def test_a_late_word_changes_nothing(world: World, verdict: Verdict) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first", token="theirs")
    before = world.stages(run_id)

    left = settle(world, held, verdict, token="mine", annotations=(an_annotation(),))

    assert left is None
    assert world.stages(run_id) == before
    assert world.persistence.annotations(run_id) == []


@VERDICTS
@pytest.mark.parametrize("stage_id", ["left", "right"])
def test_the_word_of_a_worker_that_was_reaped_is_discarded(
    world: World, stage_id: str, verdict: Verdict
) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, stage_id)
    world.pass_time(2 * A_LEASE)
    world.tick()
    world.pass_time(A_MINUTE)
    claimed(world, run_id, stage_id, token="theirs")

    left = settle(world, held, verdict)

    assert left is None
    assert world.stages(run_id)[stage_id].attempt == 2
    assert world.stages(run_id)[stage_id].status is Status.RUNNING


@pytest.mark.parametrize("stage_id", ["left", "right"])
def test_the_worker_of_a_stage_that_was_reaped_for_good_learns_that_it_lost(
    world: World, stage_id: str
) -> None:
    run_id = begin(world, "fan")
    exhausted(world, run_id, stage_id)
    held = claimed(world, run_id, stage_id)
    world.pass_time(2 * A_LEASE)
    world.tick()

    left = settle(world, held, TWO)

    assert left is None
    assert world.stages(run_id)[stage_id].status is Status.FAILED


def exhausted(world: World, run_id: str, stage_id: str) -> None:
    """Leave the stage a single attempt."""
    for _ in range(world.stages(run_id)[stage_id].max_attempts - 1):
        settled(world, run_id, stage_id, failure(delay=A_SECOND))
        world.pass_time(A_SECOND)


def test_a_stage_alone_in_a_run_that_is_being_closed_is_discarded(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    closing = Closing(target=Status.CANCELLED)
    world.dispatch(CloseRun(run_id=run_id, closing=closing))

    left = settle(world, held, TWO)

    assert left is None
    assert world.stages(run_id)["first"].status is Status.RUNNING
    assert [*world.stages(run_id)] == ["first"]


def test_a_conflict_reloads_and_decides_anew(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.persistence.refuse(ConditionFailedError("Somebody was there first."), times=3)

    left = settle(world, held, TWO)

    assert left is not None
    assert left.status is Status.COMPLETED
    assert world.run(run_id).cursor == 2


def test_who_settled_already_is_told_so(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.persistence.meanwhile(lambda: settle(world, held, TWO))

    left = settle(world, held, TWO)

    assert left == world.stages(run_id)["first"]


def test_a_conflict_without_end_is_given_up_and_changes_nothing(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    refusal = ConditionFailedError("Somebody was there first.")
    world.persistence.refuse(refusal, times=world.policy.conflict_tries)

    with pytest.raises(ConflictError, match=r"stage\.settle lost 8 commits"):
        settle(world, held, TWO)

    assert world.stages(run_id)["first"].status is Status.RUNNING


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_push_back_while_the_body_ran_makes_the_settled_stage_no_later(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    held = claimed(world, run_id, stage_id)
    world.pass_time(A_MINUTE + A_SECOND)
    world.tick()

    stage = settle(world, held, failure(delay=A_SECOND))

    assert stage is not None
    due_at = world.stages(run_id)[stage_id].due_at
    assert due_at is not None
    assert due_at <= world.now + A_SECOND + world.policy.grace


def test_what_a_body_pinned_goes_in_with_its_settling(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    note = an_annotation(run_id=run_id)

    settle(world, held, TWO, annotations=(note,))

    assert kinds(world.persistence.commits[-1]) == [UpdateStage, AddAnnotation]
    assert world.persistence.annotations(run_id) == [note]
