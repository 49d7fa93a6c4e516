"""Only the holder of the lease says how an attempt ended; a late word changes nothing."""

from typing import Any

import pytest

from kernel.commands.close_run import CloseRun
from kernel.errors import ConditionFailedError, ConflictError
from kernel.model.bell import BellKind
from kernel.model.change import AddAnnotation, CreateStage, UpdateRun, UpdateStage
from kernel.model.payload import Inline
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
    execute,
    failure,
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


def kinds(commit: tuple[Any, ...]) -> list[type[Any]]:
    return [type(change) for change in commit]


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


def test_a_failed_attempt_waits_for_the_next_one(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")

    stage = settle(world, held, failure("STAGE_ERROR", delay=A_MINUTE))

    assert stage is not None
    assert (stage.status, stage.attempt, stage.lease) == (Status.PENDING, 1, None)
    assert stage.not_before == world.now + A_MINUTE
    assert stage.error is not None
    assert stage.error.code == "STAGE_ERROR"


def test_the_next_attempt_is_rung_for_when_its_time_comes(world: World) -> None:
    run_id = begin(world, "three")

    settled(world, run_id, "first", failure(delay=A_MINUTE))

    sent = world.transport.last
    assert (sent.bell.kind, sent.bell.stage_id, sent.bell.attempt) == (
        BellKind.EXECUTE,
        "first",
        2,
    )
    assert sent.delay == A_MINUTE


def test_without_a_delay_of_its_own_the_wait_is_the_retry_policys(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    settled_at = world.now

    stage = settle(world, held, failure())

    assert stage is not None
    assert stage.not_before is not None
    assert settled_at <= stage.not_before < settled_at + A_SECOND


def test_the_world_hears_of_a_failure_and_that_it_is_tried_again(world: World) -> None:
    run_id = begin(world, "three")

    settled(world, run_id, "first", failure())

    event = world.sink.events[-1]
    assert (event.type, event.attempt, event.detail["will_retry"]) == ("stage:failed", 1, True)


def test_a_failure_that_no_attempt_can_mend_fails_stage_and_run_in_one_commit(
    world: World,
) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    before = len(world.persistence.commits)

    stage = settle(world, held, failure("FATAL", retryable=False))

    run = world.run(run_id)
    assert stage is not None
    assert stage.status is Status.FAILED
    assert kinds(world.persistence.commits[before]) == [UpdateStage, UpdateRun]
    assert run.status is Status.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.stage_id) == ("FATAL", "first")


def test_a_failure_of_one_of_several_fails_it_alone(world: World) -> None:
    run_id = begin(world, "fan")

    stage = settled(world, run_id, "left", failure(retryable=False))

    assert (stage.status, stage.unadvanced) == (Status.FAILED, True)
    assert world.run(run_id).status is Status.RUNNING


def test_a_stage_fails_when_its_attempts_are_used_up(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")
    settled(world, run_id, "fails", failure(delay=A_SECOND))
    world.pass_time(A_SECOND)

    stage = settled(world, run_id, "fails", failure(delay=A_SECOND))

    assert (stage.status, stage.attempt) == (Status.FAILED, 2)
    assert world.sink.events[-2].detail["will_retry"] is False


def test_a_suspended_stage_waits_to_be_polled(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")

    stage = settle(world, held, suspending(poll_every=A_MINUTE, max_wait=A_LEASE))

    assert stage is not None
    waits = stage.suspension
    assert waits is not None
    assert (stage.status, stage.lease) == (Status.SUSPENDED, None)
    assert (waits.next_poll_at, waits.deadline) == (world.now + A_MINUTE, world.now + A_LEASE)
    assert (waits.poll_no, waits.failures, waits.state) == (0, 0, Inline(value={"number": 7}))


def test_a_suspended_stage_rings_for_its_first_poll(world: World) -> None:
    run_id = begin(world, "three")

    settled(world, run_id, "first", suspending(poll_every=A_MINUTE))

    sent = world.transport.last
    assert (sent.bell.kind, sent.bell.attempt, sent.delay) == (BellKind.POLL, 1, A_MINUTE)


def test_a_stage_that_waits_for_a_call_is_not_polled(world: World) -> None:
    run_id = begin(world, "three")
    before = len(world.transport.sent)

    stage = settled(world, run_id, "first", suspending(callback=True, max_wait=A_LEASE))

    assert stage.suspension is not None
    assert stage.suspension.next_poll_at is None
    assert len(world.transport.sent) == before


def test_a_skipped_stage_alone_moves_its_run_on(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")

    stage = settle(world, held, Skipped(), config={})

    assert stage is not None
    assert (stage.status, stage.result) == (Status.SKIPPED, None)
    assert world.run(run_id).cursor == 2
    assert world.transport.last.bell.payload == {"input": None, "config": {}}


def test_a_skipped_stage_among_several_waits_for_them(world: World) -> None:
    run_id = begin(world, "fan")

    stage = settled(world, run_id, "left", Skipped())

    assert (stage.status, stage.unadvanced) == (Status.SKIPPED, True)


def test_what_a_body_pinned_goes_in_with_its_settling(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    note = an_annotation(run_id=run_id)

    settle(world, held, TWO, annotations=(note,))

    assert kinds(world.persistence.commits[-1]) == [UpdateStage, AddAnnotation]
    assert world.persistence.annotations(run_id) == [note]
