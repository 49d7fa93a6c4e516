"""One poll at a time, and only when it is due."""

from dataclasses import replace

import pytest

from kernel.commands.claim_poll import ClaimPoll, ClaimPollResult, PollRefusal
from kernel.commands.close_run import CloseRun
from kernel.model.lease import Lease
from kernel.model.run import Closing
from kernel.model.stage import StageKey, Suspension
from kernel.model.status import Status
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    MINE,
    begin,
    claimed,
    settled,
    success,
    suspending,
)
from tests.support.world import World

A_POLL = 90 * A_SECOND
FIRST = StageKey(run_id="run-1", stage_id="first", group=1, solo=True)


@pytest.fixture
def run_id(world: World) -> str:
    """A run whose first stage is suspended and polled every minute, for five."""
    run_id = begin(world, "three")
    settled(world, run_id, "first", suspending(poll_every=A_MINUTE, max_wait=A_LEASE))
    return run_id


def claim_poll(world: World, token: str = MINE, key: StageKey = FIRST) -> ClaimPollResult:
    return world.dispatch(ClaimPoll(key=key, token=token, lasts=world.policy.poll_timeout))


def waits_of(world: World) -> Suspension:
    waits = world.stages("run-1")["first"].suspension
    assert waits is not None
    return waits


def test_a_poll_that_is_due_takes_its_lease_and_is_counted(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)

    won = claim_poll(world)

    waits = waits_of(world)
    assert won.refusal is None
    assert (waits.poll_no, waits.failures) == (1, 0)
    assert waits.lease == Lease(token="mine", expires_at=world.now + world.policy.poll_timeout)


def test_who_polls_is_told_how_the_stage_stands(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)

    won = claim_poll(world)

    assert won.standing is not None
    assert won.standing.stage == world.stages(run_id)["first"]
    assert won.standing.run == world.run(run_id)


def test_a_poll_before_its_time_is_early(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE - A_SECOND)

    refused = claim_poll(world)

    assert refused.refusal is PollRefusal.EARLY
    assert waits_of(world).lease is None


def test_a_poll_under_a_live_lease_is_taken(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)
    claim_poll(world, "theirs")

    refused = claim_poll(world, "mine")

    assert refused.refusal is PollRefusal.TAKEN
    assert waits_of(world).poll_no == 1


def test_of_two_who_poll_at_once_one_does(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)
    world.persistence.meanwhile(lambda: claim_poll(world, "theirs"))

    refused = claim_poll(world, "mine")

    assert refused.refusal is PollRefusal.TAKEN
    assert waits_of(world).poll_no == 1


@pytest.mark.parametrize(("number", "refusal"), [(0, True), (1, False), (2, True), (None, False)])
def test_a_bell_for_another_poll_claims_nothing(
    world: World, run_id: str, number: int | None, *, refusal: bool
) -> None:
    world.pass_time(A_MINUTE)

    result = world.dispatch(ClaimPoll(key=FIRST, number=number, token="mine", lasts=A_POLL))

    assert (result.refusal is not None) is refusal
    assert (waits_of(world).poll_no == 0) is refusal


def test_who_finds_the_own_token_has_won_before(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)
    claim_poll(world, "mine")

    again = claim_poll(world, "mine")

    assert again.refusal is None
    assert again.standing is not None
    assert waits_of(world).poll_no == 1


def test_a_poll_that_was_lost_with_its_worker_counts_as_failed(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)
    claim_poll(world, "theirs")
    world.pass_time(world.policy.poll_timeout)

    won = claim_poll(world, "mine")

    assert won.refusal is None
    assert (waits_of(world).poll_no, waits_of(world).failures) == (2, 1)


def lose_polls(world: World, times: int, key: StageKey = FIRST) -> None:
    """Claim so many polls, whose workers are never heard of again."""
    for number in range(times):
        world.pass_time(A_LEASE)
        claim_poll(world, f"lost-{number}", key)
    world.pass_time(A_LEASE)


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_polls_that_are_lost_again_and_again_fail_the_stage_at_the_limit(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    key = world.stages(run_id)[next(iter(world.stages(run_id)))].key
    settled(world, run_id, key.stage_id, suspending(poll_every=A_MINUTE))
    lose_polls(world, world.policy.poll_failures, key)

    result = claim_poll(world, "mine", key)

    stage = world.stages(run_id)[key.stage_id]
    assert (stage.status, stage.suspension) == (Status.FAILED, None)
    assert result.standing is None
    assert result.failed is not None
    assert result.failed.id == key.stage_id


def test_a_stage_whose_polls_were_lost_up_to_the_limit_is_polled_once_more(
    world: World, run_id: str
) -> None:
    lose_polls(world, world.policy.poll_failures - 1)

    won = claim_poll(world, "mine")

    assert won.refusal is None
    assert won.standing is not None
    assert waits_of(world).failures == world.policy.poll_failures - 1


def test_a_stage_that_is_not_suspended_is_finished(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")

    refused = claim_poll(world)

    assert refused.refusal is PollRefusal.FINISHED


def test_a_stage_of_a_run_that_is_being_closed_is_not_polled(world: World, run_id: str) -> None:
    world.pass_time(A_MINUTE)
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))

    refused = claim_poll(world)

    assert refused.refusal is PollRefusal.FINISHED


def test_a_stage_that_does_not_exist_is_unknown(world: World) -> None:
    refused = claim_poll(world, key=replace(FIRST, run_id="nobody"))

    assert refused == ClaimPollResult(standing=None, refusal=PollRefusal.UNKNOWN)


def test_one_that_waits_for_a_call_is_not_polled_before_its_deadline(world: World) -> None:
    run_id = begin(world, "three")
    settled(world, run_id, "first", suspending(callback=True, max_wait=A_LEASE))
    world.pass_time(A_LEASE - A_SECOND)

    early = claim_poll(world)
    world.pass_time(A_SECOND)
    late = claim_poll(world)

    assert (early.refusal, late.refusal) == (PollRefusal.EARLY, None)


def test_a_claimed_poll_is_due_when_its_lease_ends(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", suspending(poll_every=A_MINUTE))
    settled(world, run_id, "right", success({"value": 1}))
    world.pass_time(10 * A_MINUTE)

    claim_poll(world, key=replace(FIRST, stage_id="left", solo=False))

    due_at = world.stages(run_id)["left"].due_at
    assert due_at is not None
    assert due_at <= world.now + world.policy.poll_timeout
