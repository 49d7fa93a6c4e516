"""Defect 17 of the reference engine: two who poll at once complete a stage twice."""

from typing import Final

import pytest

from kernel.commands.claim_poll import ClaimPoll, ClaimPollResult
from kernel.commands.settle_poll import SettlePoll
from kernel.model.status import Status
from tests.promises.scenes import TWO, at_commit
from tests.support.moves import A_MINUTE, begin, settled, success, suspending
from tests.support.polling import waits_of
from tests.support.world import World

ALONE_AND_NOT: Final = pytest.mark.parametrize(
    ("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")]
)
NINE: Final = success({"value": 9})


def suspended(world: World, workflow_id: str, stage_id: str) -> str:
    """Start a run and suspend its stage; return the run's id when its poll is due."""
    run_id = begin(world, workflow_id)
    settled(world, run_id, stage_id, suspending())
    world.pass_time(A_MINUTE)
    return run_id


def polls(world: World, run_id: str, stage_id: str, token: str) -> ClaimPollResult:
    key = world.stages(run_id)[stage_id].key
    return world.dispatch(ClaimPoll(key=key, token=token, lasts=A_MINUTE))


@ALONE_AND_NOT
def test_d17_of_two_who_poll_at_once_one_asks(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = suspended(world, workflow_id, stage_id)
    at_commit(world, 1, lambda: polls(world, run_id, stage_id, "theirs"))

    late = polls(world, run_id, stage_id, "mine")

    waits = waits_of(world, run_id, stage_id)
    assert late.refusal is not None
    assert waits.lease is not None
    assert (waits.lease.token, waits.poll_no) == ("theirs", 1)
    world.finish(run_id)


@ALONE_AND_NOT
def test_d17_a_poll_whose_lease_ran_out_settles_nothing_after_the_next(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = suspended(world, workflow_id, stage_id)
    held = polls(world, run_id, stage_id, "slow").standing
    assert held is not None
    world.pass_time(2 * A_MINUTE)
    after = polls(world, run_id, stage_id, "quick").standing
    assert after is not None
    world.dispatch(SettlePoll(seen=after, token="quick", verdict=TWO))

    late = world.dispatch(SettlePoll(seen=held, token="slow", verdict=NINE)).stage

    assert late is None
    assert world.stages(run_id)[stage_id].status is Status.COMPLETED
    assert world.output(run_id, stage_id) == {"value": 2}
    world.finish(run_id)
