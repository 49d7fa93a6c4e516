"""A worker died: its job is free again, or the stage has failed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.commands.close_run import CloseRun
from kernel.commands.reap_lease import ReapLease
from kernel.model.bell import BellKind
from kernel.model.run import Closing
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from tests.support.builders import update_stage
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    claim,
    claimed,
    execute,
    failure,
    settle,
    settled,
    success,
)
from tests.support.world import World


def reap(world: World, run_id: str, stage_id: str) -> StageRecord | None:
    return world.dispatch(ReapLease(key=world.stages(run_id)[stage_id].key)).stage


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_the_job_of_a_worker_that_was_lost_is_free_again(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE + A_SECOND)

    stage = reap(world, run_id, stage_id)

    assert stage is not None
    assert (stage.status, stage.attempt, stage.lease) == (Status.PENDING, 1, None)
    assert stage.error is not None
    assert stage.error.code == "WORKER_LOST"


def test_the_next_attempt_is_rung_for_after_a_pause(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_SECOND)

    stage = reap(world, run_id, "first")

    bell = world.transport.last.bell
    assert stage is not None
    assert (bell.kind, bell.stage_id, bell.attempt) == (BellKind.EXECUTE, "first", 2)
    assert bell.not_before == stage.not_before


def test_a_stage_that_lost_all_its_workers_fails_with_its_run(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")
    settled(world, run_id, "fails", failure(delay=A_SECOND))
    world.pass_time(A_SECOND)
    claimed(world, run_id, "fails")
    world.pass_time(A_LEASE + A_SECOND)

    stage = reap(world, run_id, "fails")

    run = world.run(run_id)
    assert stage is not None
    assert (stage.status, stage.attempt) == (Status.FAILED, 2)
    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "WORKER_LOST")


@pytest.mark.parametrize("passed", [A_SECOND, A_LEASE - A_SECOND, A_LEASE], ids=str)
def test_a_lease_is_not_reaped_before_it_has_ended(world: World, passed: timedelta) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(passed)

    stage = reap(world, run_id, "first")

    assert stage is None
    assert world.stages(run_id)["first"].status is Status.RUNNING


def test_a_stage_that_is_not_running_is_not_reaped(world: World) -> None:
    run_id = begin(world, "three")

    stage = reap(world, run_id, "first")

    assert stage is None


def test_a_stage_that_does_not_exist_is_not_reaped(world: World) -> None:
    key = StageKey(run_id="nobody", stage_id="first", group=1, solo=True)

    result = world.dispatch(ReapLease(key=key))

    assert result.stage is None


def test_a_stage_alone_in_a_run_that_is_being_closed_is_left_to_its_closing(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_SECOND)
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))

    stage = reap(world, run_id, "first")

    assert stage is None


def test_a_worker_that_settles_at_the_last_moment_is_heard(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    world.pass_time(A_LEASE + A_SECOND)
    world.persistence.meanwhile(lambda: settle(world, held, success({"value": 2})))

    stage = reap(world, run_id, "left")

    assert stage is None
    assert world.stages(run_id)["left"].status is Status.COMPLETED


def test_of_two_who_reap_at_once_one_does(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_SECOND)
    world.persistence.meanwhile(lambda: reap(world, run_id, "first"))

    stage = reap(world, run_id, "first")

    assert stage is None
    assert world.stages(run_id)["first"].attempt == 1


def test_the_next_worker_is_not_mistaken_for_the_one_that_was_lost(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first", token="dead")
    world.pass_time(A_LEASE + A_SECOND)

    def somebody_else_goes_on() -> None:
        reap(world, run_id, "first")
        world.pass_time(A_MINUTE)
        claim(world, run_id, "first", token="alive")

    world.persistence.meanwhile(somebody_else_goes_on)

    stage = reap(world, run_id, "first")

    running = world.stages(run_id)["first"]
    assert stage is None
    assert running.lease is not None
    assert (running.lease.token, running.attempt) == ("alive", 2)


def test_a_lease_of_the_same_token_that_was_renewed_is_not_reaped(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    assert held.stage.lease is not None
    renewed = replace(held.stage.lease, expires_at=world.now + 10 * A_LEASE)
    world.pass_time(A_LEASE + A_SECOND)
    world.persistence.meanwhile(
        lambda: world.persistence.inner.commit([update_stage(held.stage, lease=renewed)])
    )

    stage = reap(world, run_id, "left")

    assert stage is None
    assert world.stages(run_id)["left"].lease == renewed


def test_each_worker_that_was_lost_is_told_apart(world: World) -> None:
    run_id = begin(world, "fan")
    claimed(world, run_id, "left", token="first")
    world.pass_time(A_LEASE + A_SECOND)

    def the_next_worker_is_lost_as_well() -> None:
        reap(world, run_id, "left")
        world.pass_time(A_MINUTE)
        claim(world, run_id, "left", token="second")
        world.pass_time(A_LEASE + A_SECOND)

    world.persistence.meanwhile(the_next_worker_is_lost_as_well)

    reap(world, run_id, "left")

    lost = [event.attempt for event in world.sink.events if event.type == "stage:failed"]
    assert lost == [1, 2]
