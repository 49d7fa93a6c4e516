"""Defects 2 to 4 of the reference engine: a run that waits is taken for one that is stuck."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from kernel.authoring import NotReady, Ready, StageContext, Suspend, batch_stage
from kernel.commands.claim_stage import ClaimStage
from kernel.model.status import Status
from kernel.procedures.reap_stuck import ReapStuck, ReapStuckResult
from tests.promises.scenes import at_commit, cancel, ticks_for
from tests.support.moves import A_MINUTE, begin, begin_alone, bell_for, execute
from tests.support.workflows import Number, Ticket
from tests.support.world import World

TWO_HOURS = timedelta(hours=2)


def reap_stuck(world: World, run_id: str) -> ReapStuckResult:
    return world.dispatch(ReapStuck(run_ids=[run_id]))


def polled_seldom(world: World) -> str:
    @batch_stage(id="only")
    class Seldom:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1), poll_every=3 * TWO_HOURS, max_wait=8 * TWO_HOURS)

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady:
            return NotReady()

    run_id = begin_alone(world, Seldom)
    execute(world, run_id, "only")
    return run_id


def in_a_backlog(world: World) -> str:
    world.transport.deaf = True
    return begin(world, "three")


def at_work_for_long(world: World) -> str:
    run_id = begin(world, "three")
    bell, key = bell_for(world, run_id, "first"), world.stages(run_id)["first"].key
    world.dispatch(ClaimStage(bell=bell, key=key, token="theirs", lasts=3 * TWO_HOURS))
    return run_id


@pytest.mark.parametrize("given", [polled_seldom, in_a_backlog, at_work_for_long])
def test_d02_a_long_wait_is_no_standstill(world: World, given: Callable[[World], str]) -> None:
    run_id = given(world)
    before = world.stages(run_id)

    ticks_for(world, TWO_HOURS)

    after = world.stages(run_id)
    assert world.run(run_id).status is Status.RUNNING
    assert [one.status for one in after.values()] == [one.status for one in before.values()]
    assert [one.attempt for one in after.values()] == [one.attempt for one in before.values()]
    world.transport.deaf = False
    cancel(world, run_id)


@pytest.mark.parametrize("given", [polled_seldom, in_a_backlog, at_work_for_long])
def test_d02_a_run_that_waits_for_long_is_not_reaped_as_stuck(
    world: World, given: Callable[[World], str]
) -> None:
    run_id = given(world)
    before = world.stages(run_id)
    world.pass_time(TWO_HOURS)

    result = reap_stuck(world, run_id)

    after = world.stages(run_id)
    assert (result.reaped, result.failed) == ((), {})
    assert world.run(run_id).status is Status.RUNNING
    assert [one.status for one in after.values()] == [one.status for one in before.values()]
    assert [one.attempt for one in after.values()] == [one.attempt for one in before.values()]
    world.transport.deaf = False
    cancel(world, run_id)


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_d04_a_run_that_was_rung_for_again_has_time_to_be_heard(
    world: World, workflow_id: str
) -> None:
    world.transport.deaf = True
    run_id = begin(world, workflow_id)
    world.pass_time(TWO_HOURS)
    at_commit(world, 1, lambda: reap_stuck(world, run_id))
    together = reap_stuck(world, run_id)

    world.transport.deaf = False
    world.pass_time(A_MINUTE)
    next_sweep = reap_stuck(world, run_id)

    assert (together.reaped, next_sweep.reaped) == ((), ())
    assert {one.attempt for one in world.stages(run_id).values()} == {0}
    assert world.finish(run_id).status is Status.COMPLETED
    assert {one.attempt for one in world.stages(run_id).values()} == {1}
