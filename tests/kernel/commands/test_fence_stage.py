"""A fenced stage is out of everybody's hands, whatever it was doing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.commands.claim_poll import ClaimPoll
from kernel.commands.close_run import CloseRun
from kernel.commands.fence_stage import FenceStage
from kernel.commands.settle_poll import SettlePoll
from kernel.model.change import CreateStage
from kernel.model.run import Closing
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from kernel.procedures.cancel_run import CancelRun
from tests.support.builders import a_stage
from tests.support.moves import (
    A_MINUTE,
    alter,
    begin,
    claim,
    claimed,
    failure,
    settle,
    settled,
    success,
    suspending,
)
from tests.support.world import World

TWO = success({"value": 2})
EACH = pytest.mark.parametrize("workflow_id", ["three", "fan"])


def closing_run(world: World, workflow_id: str) -> tuple[str, str]:
    """Return a run that is being closed, and its first stage."""
    run_id = begin(world, workflow_id)
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))
    return run_id, next(iter(world.stages(run_id)))


def fence(world: World, run_id: str, stage_id: str) -> bool:
    command = FenceStage(seen=world.stages(run_id)[stage_id])
    return world.dispatch(command).fenced


@EACH
def test_a_pending_stage_is_cancelled(world: World, workflow_id: str) -> None:
    run_id, stage_id = closing_run(world, workflow_id)

    fenced = fence(world, run_id, stage_id)

    stage = world.stages(run_id)[stage_id]
    assert fenced
    assert (stage.status, stage.completed_at) == (Status.CANCELLED, world.now)


@EACH
def test_a_running_stage_loses_its_lease(world: World, workflow_id: str) -> None:
    run_id, stage_id = closing_run(world, workflow_id)
    held = claimed(world, run_id, stage_id)

    fence(world, run_id, stage_id)

    left = settle(world, held, TWO)
    assert left is None
    assert world.stages(run_id)[stage_id].status is Status.CANCELLED
    assert world.stages(run_id)[stage_id].lease is None


@EACH
def test_a_suspended_stage_waits_no_more(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    settled(world, run_id, stage_id, suspending())
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))

    fence(world, run_id, stage_id)

    stage = world.stages(run_id)[stage_id]
    assert (stage.status, stage.suspension) == (Status.CANCELLED, None)


@EACH
def test_a_stage_that_was_claimed_after_it_was_listed_is_fenced_all_the_same(
    world: World, workflow_id: str
) -> None:
    run_id, stage_id = closing_run(world, workflow_id)
    world.persistence.meanwhile(lambda: claim(world, run_id, stage_id))

    fenced = fence(world, run_id, stage_id)

    stage = world.stages(run_id)[stage_id]
    assert fenced
    assert (stage.status, stage.attempt, stage.lease) == (Status.CANCELLED, 1, None)


@pytest.mark.parametrize(
    "verdict", [suspending(), failure(delay=A_MINUTE)], ids=["suspended", "retried"]
)
def test_a_stage_that_was_put_off_after_it_was_listed_is_fenced_all_the_same(
    world: World, verdict: Verdict
) -> None:
    run_id, stage_id = closing_run(world, "fan")
    held = claimed(world, run_id, stage_id)
    world.persistence.meanwhile(lambda: settle(world, held, verdict))

    fence(world, run_id, stage_id)

    stage = world.stages(run_id)[stage_id]
    assert (stage.status, stage.lease, stage.suspension) == (Status.CANCELLED, None, None)


@pytest.mark.parametrize(
    "verdict", [TWO, Skipped(), failure(retryable=False)], ids=["completed", "skipped", "failed"]
)
def test_a_stage_that_settled_after_it_was_listed_stays_settled(
    world: World, verdict: Verdict
) -> None:
    run_id, stage_id = closing_run(world, "fan")
    held = claimed(world, run_id, stage_id)
    world.persistence.meanwhile(lambda: settle(world, held, verdict))

    fenced = fence(world, run_id, stage_id)

    assert not fenced
    assert world.stages(run_id)[stage_id].status is not Status.CANCELLED


def test_a_stage_of_the_next_generation_is_not_fenced_by_an_old_cancel(world: World) -> None:
    run_id, stage_id = closing_run(world, "fan")
    old = world.stages(run_id)[stage_id]
    anew = a_stage(
        run_id=run_id, id=stage_id, workflow_id="fan", solo=False, generation=1, due_at=world.now
    )
    world.persistence.meanwhile(lambda: world.persistence.commit([CreateStage(stage=anew)]))

    fenced = world.dispatch(FenceStage(seen=old)).fenced

    assert not fenced
    assert world.stages(run_id)[stage_id].status is Status.PENDING
    alter(world, run_id, generation=1)


def test_what_a_fenced_stage_has_to_say_is_kept(world: World) -> None:
    world.sink.down = True
    run_id = begin(world, "fan")
    settled(world, run_id, "left", failure(delay=A_MINUTE))
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))

    fence(world, run_id, "left")

    stage = world.stages(run_id)["left"]
    assert [event.type for event in stage.outbox] == ["stage:failed"]
    assert stage.due_at is not None
    world.sink.down = False


def test_a_stage_that_is_over_is_not_fenced(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)

    fenced = fence(world, run_id, "left")

    assert not fenced


def test_what_a_stage_said_after_it_was_listed_is_due_to_be_sent(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", suspending(poll_every=timedelta(hours=1)))
    seen = world.stages(run_id)["left"]
    world.pass_time(timedelta(hours=1))
    world.sink.down = True
    polled_and_put_off(world, seen)

    world.dispatch(FenceStage(seen=replace(seen, due_at=world.now + timedelta(hours=1))))

    stage = world.stages(run_id)["left"]
    assert [event.type for event in stage.outbox] == ["stage:failed"]
    assert stage.due_at is not None
    assert stage.due_at <= world.now + world.policy.grace
    world.sink.down = False
    world.dispatch(CancelRun(run_id=run_id))


def polled_and_put_off(world: World, stage: StageRecord) -> None:
    """Let a poll end in another attempt, later."""
    claim = ClaimPoll(key=stage.key, token="mine", lasts=A_MINUTE)
    won = world.dispatch(claim).standing
    assert won is not None
    world.dispatch(SettlePoll(seen=won, token="mine", verdict=failure(delay=A_MINUTE)))
