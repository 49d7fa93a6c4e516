"""Whatever was lost, the tick makes it good: bells, workers, transitions, events."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.model.bell import BellKind
from kernel.model.status import Status
from kernel.procedures.tick import TickResult
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    claimed,
    execute,
    failure,
    settled,
    success,
    suspending,
)
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
TWO = success({"value": 2})


def test_a_lost_start_bell_is_made_good(world: World) -> None:
    world.transport.deaf = True
    run_id = world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)

    result = world.tick()

    assert result == TickResult(claimed=1)
    assert world.run(run_id).status is Status.RUNNING


@pytest.mark.parametrize(("workflow_id", "stages"), [("three", 1), ("fan", 2)])
def test_a_lost_execute_bell_is_rung_again(world: World, workflow_id: str, stages: int) -> None:
    world.transport.deaf = True
    begin(world, workflow_id)
    world.transport.deaf = False
    world.pass_time(A_MINUTE)

    result = world.tick()

    assert replace(result, rung=0) == TickResult()
    assert result.rung >= stages
    assert world.transport.last.bell.kind is BellKind.EXECUTE


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_lost_retry_bell_is_rung_again(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    world.transport.deaf = True
    settled(world, run_id, stage_id, failure(delay=A_MINUTE))
    world.transport.deaf = False
    world.pass_time(2 * A_MINUTE)

    world.tick()

    rung = {(sent.bell.stage_id, sent.bell.attempt) for sent in world.transport.sent}
    assert (stage_id, 2) in rung


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_lost_poll_bell_is_rung_again(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    world.transport.deaf = True
    settled(world, run_id, stage_id, suspending(poll_every=A_MINUTE))
    world.transport.deaf = False
    world.pass_time(2 * A_MINUTE)

    result = world.tick()

    assert result.suspended_checked > 0
    assert BellKind.POLL in [sent.bell.kind for sent in world.transport.sent]


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_lost_worker_is_made_good(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE + A_SECOND)

    result = world.tick()

    assert result.stale_released == 1
    assert world.stages(run_id)[stage_id].status is Status.PENDING


def test_a_lost_transition_is_made_good(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    world.pass_time(A_MINUTE)

    result = world.tick()

    assert result.advanced > 0
    assert world.run(run_id).status is Status.COMPLETED


def test_an_event_that_was_not_sent_is_sent(world: World) -> None:
    world.sink.down = True
    begin(world, "three")
    world.sink.down = False
    world.pass_time(A_MINUTE)

    result = world.tick()

    assert result.events_flushed == 2
    assert world.sink.types == ("workflow:created", "workflow:started")


def test_an_event_of_one_of_several_that_was_not_sent_is_sent(world: World) -> None:
    run_id = begin(world, "fan")
    world.sink.down = True
    settled(world, run_id, "left", failure(delay=A_MINUTE))
    world.sink.down = False
    world.pass_time(A_MINUTE)

    world.tick()

    assert world.sink.types[-1] == "stage:failed"
    assert world.stages(run_id)["left"].outbox == ()


@pytest.mark.parametrize("workflow_id", ["three", "diamond", "fan", "waiting"])
def test_a_run_ends_though_every_bell_is_lost(world: World, workflow_id: str) -> None:
    run_id = world.create(workflow_id, {"value": 1})
    world.transport.down = True
    world.pass_time(A_MINUTE)
    world.tick()
    world.transport.down = False

    run = world.finish(run_id)

    assert run.status is Status.COMPLETED


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_ringing_again_backs_off(world: World, workflow_id: str) -> None:
    world.transport.deaf = True
    begin(world, workflow_id)

    rung = [ticks_a_minute(world) for _ in range(64)]

    minutes = [minute for minute, count in enumerate(rung, start=1) if count]
    assert minutes == [1, 2, 4, 8, 16, 31, 46, 61]
    world.transport.deaf = False


def ticks_a_minute(world: World) -> int:
    world.pass_time(A_MINUTE)
    return world.tick().rung


def test_a_live_lease_is_looked_at_once_and_left_alone(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    execute(world, run_id, "right")
    assert held.stage.lease is not None
    world.pass_time(A_MINUTE)

    result = world.tick()

    stage = world.stages(run_id)["left"]
    assert result == TickResult()
    assert (stage.lease, stage.due_at) == (held.stage.lease, held.stage.lease.expires_at)


def test_a_poll_under_a_live_lease_is_left_alone(world: World) -> None:
    run_id = begin(world, "fan")
    execute(world, run_id, "right")
    settled(world, run_id, "left", suspending(callback=True, max_wait=timedelta(days=1)))
    world.pass_time(timedelta(hours=1))

    result = world.tick()

    assert result.suspended_checked == 0
    assert world.stages(run_id)["left"].due_at == world.now + timedelta(hours=23)


def test_a_run_for_later_starts_when_its_time_has_come(world: World) -> None:
    world.transport.deaf = True
    run_id = world.create("three", {"value": 1}, start_at=world.now + timedelta(hours=2))
    world.pass_time(timedelta(hours=1))
    early = world.tick()
    world.pass_time(timedelta(hours=1, minutes=1))

    late = world.tick()

    world.transport.deaf = False
    assert (early.claimed, late.claimed) == (0, 1)
    assert world.run(run_id).started_at == world.now
