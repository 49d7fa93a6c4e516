"""An attempt that is tried again, fails, is suspended or skipped."""

import pytest

from kernel.model.bell import BellKind
from kernel.model.change import UpdateRun, UpdateStage
from kernel.model.payload import Inline
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    claimed,
    execute,
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


@pytest.mark.parametrize("verdict", [failure(), suspending()], ids=["retried", "suspended"])
@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_stage_of_an_urgent_run_rings_as_urgently_again(
    world: World, workflow_id: str, verdict: Verdict
) -> None:
    run_id = begin(world, workflow_id, priority=9, tenant="acme")

    settled(world, run_id, next(iter(world.stages(run_id))), verdict)

    bell = world.transport.last.bell
    assert (bell.urgent, bell.tenant) == (True, "acme")
