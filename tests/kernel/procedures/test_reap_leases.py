"""The jobs of workers that died are freed, each by itself."""

import pytest

from kernel.errors import UnavailableError
from kernel.model.stage import StageKey
from kernel.model.status import Status
from kernel.procedures.reap_leases import ReapStale, ReapStaleResult
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    claimed,
    execute,
    failure,
    success,
)
from tests.support.moves import settled as settled_stage
from tests.support.world import World


def test_the_given_stages_are_freed_if_their_leases_ran_out(world: World) -> None:
    run_id = begin(world, "fan")
    dead = claimed(world, run_id, "left")
    world.pass_time(A_LEASE)
    alive = claimed(world, run_id, "right")
    world.pass_time(A_SECOND)

    result = world.dispatch(ReapStale(keys=[dead.stage.key, alive.stage.key]))

    stages = world.stages(run_id)
    assert result == ReapStaleResult(released=1)
    assert (stages["left"].status, stages["right"].status) == (Status.PENDING, Status.RUNNING)


def test_what_is_due_is_freed_without_being_named(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_MINUTE)

    result = world.dispatch(ReapStale())

    assert result == ReapStaleResult(released=1)
    assert world.stages(run_id)["first"].status is Status.PENDING


@pytest.mark.parametrize("error", [UnavailableError("The store is away."), ValueError("garbage")])
def test_a_stage_that_cannot_be_freed_just_now_holds_up_no_other(
    world: World, error: Exception
) -> None:
    run_id = begin(world, "fan")
    left = claimed(world, run_id, "left")
    right = claimed(world, run_id, "right")
    world.pass_time(A_LEASE + A_SECOND)
    world.persistence.refuse(error)

    result = world.dispatch(ReapStale(keys=[left.stage.key, right.stage.key]))

    assert result == ReapStaleResult(released=1, failed=1)
    assert world.stages(run_id)["right"].status is Status.PENDING


def test_a_stage_that_does_not_exist_is_not_freed(world: World) -> None:
    key = StageKey(run_id="nobody", stage_id="first", group=1, solo=True)

    result = world.dispatch(ReapStale(keys=[key]))

    assert result == ReapStaleResult(released=0)


def test_the_last_of_several_to_be_lost_for_good_fails_the_run(world: World) -> None:
    run_id = begin(world, "fan")
    settled_stage(world, run_id, "right", success({"value": 3}))
    settled_stage(world, run_id, "left", failure(delay=A_SECOND))
    world.pass_time(A_SECOND)
    settled_stage(world, run_id, "left", failure(delay=A_SECOND))
    world.pass_time(A_SECOND)
    lost = claimed(world, run_id, "left")
    world.pass_time(A_LEASE + A_SECOND)

    world.dispatch(ReapStale(keys=[lost.stage.key]))

    run = world.run(run_id)
    assert run.error is not None
    assert (run.status, run.error.code, run.error.stage_id) == (
        Status.FAILED,
        "WORKER_LOST",
        "left",
    )
    assert not world.stages(run_id)["left"].unadvanced


def test_a_job_that_was_freed_is_done_by_the_next_worker(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(A_LEASE + A_MINUTE)
    world.dispatch(ReapStale())
    world.pass_time(A_MINUTE)

    execute(world, run_id, "first")

    stage = world.stages(run_id)["first"]
    assert (stage.status, stage.attempt) == (Status.COMPLETED, 2)
