"""A lease grows while its holder renews it, whoever looks at the record meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.commands.fence_stage import FenceStage
from kernel.commands.reap_lease import ReapLease
from kernel.commands.renew_lease import RenewLease, RenewLeaseResult
from kernel.errors import ConditionFailedError
from kernel.model.lease import Lease
from kernel.model.status import Status
from kernel.ports.persistence import Standing
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.rerun_from import RerunFrom
from tests.support.builders import update_stage
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    MINE,
    begin,
    claim,
    claimed,
    settle,
    success,
)
from tests.support.world import World

HELD, LOST = RenewLeaseResult(held=True), RenewLeaseResult(held=False)
EVERYWHERE = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
ALONE_OR_NOT = pytest.mark.parametrize(
    ("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")]
)


def renew(
    world: World, held: Standing, *, token: str = MINE, lasts: timedelta = A_LEASE
) -> RenewLeaseResult:
    return world.dispatch(RenewLease(seen=held.stage, token=token, lasts=lasts))


def beat(world: World, held: Standing) -> RenewLeaseResult:
    """Let a third of a lease pass, and a tick, before it is renewed."""
    world.pass_time(A_LEASE / 3)
    world.tick()
    return renew(world, held)


def lease_of(world: World, held: Standing) -> Lease | None:
    return world.stages(held.stage.run_id)[held.stage.id].lease


def due_at(world: World, held: Standing) -> datetime | None:
    return world.stages(held.stage.run_id)[held.stage.id].due_at


def write(world: World, held: Standing, **written: Any) -> None:
    """Write fields of the stage past the engine."""
    world.persistence.inner.commit([update_stage(held.stage, **written)])


@EVERYWHERE
@ALONE_OR_NOT
def test_the_lease_grows_and_nothing_else_changes(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE / 3)

    result = renew(world, held)

    stage = world.stages(run_id)[stage_id]
    lease = Lease(token=MINE, expires_at=world.now + A_LEASE)
    assert result == HELD
    assert stage == replace(held.stage, lease=lease, version=held.stage.version + 1)


@EVERYWHERE
@ALONE_OR_NOT
def test_a_lease_is_renewed_again_and_again_by_what_was_claimed(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)

    beats = [beat(world, held) for _ in range(10)]

    assert beats == [HELD] * 10
    assert world.stages(run_id)[stage_id].attempt == 1
    assert settle(world, held, success({"value": 2})) is not None


@ALONE_OR_NOT
def test_whoever_looks_at_a_live_lease_sees_to_it_again_at_its_end(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE / 2)
    renew(world, held)
    world.pass_time(A_LEASE / 2 + A_SECOND)

    world.tick()

    lease = lease_of(world, held)
    assert lease is not None
    assert due_at(world, held) == lease.expires_at


def test_a_lease_of_another_worker_is_not_renewed(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first", token="theirs")

    result = renew(world, held)

    assert result == LOST
    assert lease_of(world, held) == held.stage.lease


def test_the_lease_of_the_next_attempt_is_not_renewed(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_SECOND)
    world.tick()
    world.pass_time(A_MINUTE)
    claim(world, run_id, "first", token="next")
    theirs = lease_of(world, held)

    result = renew(world, held, lasts=10 * A_LEASE)

    assert result == LOST
    assert lease_of(world, held) == theirs


@ALONE_OR_NOT
def test_a_stage_that_is_settled_has_no_lease_to_renew(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    settle(world, held, success({"value": 2}))

    result = renew(world, held)

    assert result == LOST
    assert lease_of(world, held) is None


@ALONE_OR_NOT
def test_a_stage_that_is_cancelled_has_no_lease_to_renew(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.dispatch(CancelRun(run_id=run_id))

    result = renew(world, held)

    assert result == LOST
    assert world.run(run_id).status is Status.CANCELLED


def test_a_stage_is_fenced_while_its_lease_is_renewed(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    world.pass_time(A_SECOND)
    world.persistence.meanwhile(lambda: renew(world, held))

    world.dispatch(FenceStage(seen=held.stage))

    assert world.stages(run_id)["left"].status is Status.CANCELLED
    assert renew(world, held) == LOST


def test_a_stage_of_the_next_generation_is_not_renewed(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.dispatch(CancelRun(run_id=run_id))
    world.dispatch(RerunFrom(run_id=run_id, stage_id="first"))

    result = renew(world, held)

    assert result == LOST
    assert world.stages(run_id)["first"].status is Status.PENDING


def test_a_lease_that_ran_out_is_renewed_while_nobody_has_reaped_it(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    world.pass_time(A_LEASE + A_MINUTE)

    result = renew(world, held)

    assert result == HELD
    assert world.dispatch(ReapLease(key=held.stage.key)).stage is None


def test_of_a_reaper_and_a_renewal_at_once_one_wins(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_MINUTE)
    world.persistence.meanwhile(lambda: renew(world, held))

    reaped = world.dispatch(ReapLease(key=held.stage.key)).stage

    assert reaped is None
    assert renew(world, held) == HELD


def test_of_a_renewal_and_a_reaper_at_once_one_wins(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_MINUTE)
    world.persistence.meanwhile(lambda: world.dispatch(ReapLease(key=held.stage.key)))

    result = renew(world, held)

    assert result == LOST
    assert world.stages(run_id)["first"].status is Status.PENDING


@pytest.mark.parametrize("lasts", [A_SECOND, A_LEASE - A_SECOND], ids=str)
def test_a_lease_does_not_shrink(world: World, lasts: timedelta) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")

    result = renew(world, held, lasts=lasts)

    assert result == HELD
    assert lease_of(world, held) == held.stage.lease


def test_a_conflict_with_others_says_nothing_about_the_lease(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    world.pass_time(A_SECOND)
    world.persistence.refuse(ConditionFailedError("Somebody was faster."), times=2)

    result = renew(world, held)

    lease = lease_of(world, held)
    assert result == HELD
    assert lease is not None
    assert lease.expires_at == world.now + A_LEASE


@EVERYWHERE
@ALONE_OR_NOT
def test_a_record_that_was_put_off_is_due_by_the_end_of_its_new_lease(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE + A_SECOND)
    write(world, held, due_at=world.now + 3 * A_LEASE)

    result = renew(world, held)

    assert result == HELD
    assert due_at(world, held) == world.now + A_LEASE


@EVERYWHERE
@ALONE_OR_NOT
def test_who_makes_a_record_due_earlier_at_that_moment_is_heard(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.pass_time(A_LEASE + A_SECOND)
    soon = world.now + A_SECOND
    write(world, held, due_at=world.now + 3 * A_LEASE)
    world.persistence.meanwhile(lambda: None, lambda: write(world, held, due_at=soon))

    result = renew(world, held)

    assert result == HELD
    assert due_at(world, held) == soon
