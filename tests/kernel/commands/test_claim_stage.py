"""A stage is claimed by one conditional write, which says who won."""

from dataclasses import replace
from typing import Any

import pytest

from kernel.commands.claim_stage import ClaimStage, ClaimStageResult, Refusal
from kernel.commands.record_progress import RecordProgress
from kernel.decisions.bells import execute_bell
from kernel.model.lease import Lease
from kernel.model.policy import Policy
from kernel.model.stage import StageKey
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from kernel.procedures.cancel_run import CancelRun
from tests.support.builders import a_progress, a_stage, update_stage
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    bell_for,
    claim,
    claimed,
    failure,
    settle,
    settled,
    success,
    suspending,
)
from tests.support.world import World


def test_a_claim_takes_the_lease_and_counts_the_attempt(world: World) -> None:
    run_id = begin(world, "three")

    won = claim(world, run_id, "first", token="mine")

    stage = world.stages(run_id)["first"]
    assert won.refusal is None
    assert (stage.status, stage.attempt, stage.started_at) == (Status.RUNNING, 1, world.now)
    assert stage.lease == Lease(token="mine", expires_at=world.now + A_LEASE)


def test_who_claims_is_told_how_the_stage_stands(world: World) -> None:
    run_id = begin(world, "three")

    standing = claimed(world, run_id, "first")

    assert standing.stage == world.stages(run_id)["first"]
    assert standing.run == world.run(run_id)


def test_who_claims_one_of_several_is_told_nothing_of_the_run(world: World) -> None:
    run_id = begin(world, "fan")

    standing = claimed(world, run_id, "left")

    assert standing.run is None


@pytest.mark.parametrize(
    "bell",
    [{"generation": 1}, {"attempt": 2}, {"attempt": 0}, {"generation": -1}],
    ids=str,
)
def test_a_bell_for_another_attempt_or_generation_claims_nothing(
    world: World, bell: dict[str, Any]
) -> None:
    run_id = begin(world, "three")

    refused = claim(world, run_id, "first", **bell)

    assert refused.refusal is Refusal.OUTDATED
    assert world.stages(run_id)["first"].status is Status.PENDING


def test_the_bell_of_an_attempt_that_failed_claims_nothing(world: World) -> None:
    run_id = begin(world, "three")
    old = bell_for(world, run_id, "first")
    settled(world, run_id, "first", failure(delay=A_SECOND))
    world.pass_time(A_MINUTE)

    refused = claim(world, run_id, "first", attempt=old.attempt)

    assert refused.refusal is Refusal.OUTDATED
    assert world.stages(run_id)["first"].attempt == 1


def test_a_bell_that_comes_too_early_claims_nothing(world: World) -> None:
    run_id = begin(world, "three")
    settled(world, run_id, "first", failure(delay=A_MINUTE))

    early = claim(world, run_id, "first")
    world.pass_time(A_MINUTE)
    late = claim(world, run_id, "first")

    assert (early.refusal, late.refusal) == (Refusal.EARLY, None)


def test_a_stage_under_a_live_lease_is_taken(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    held = claimed(world, run_id, "first", token="theirs")

    refused = claim(world, run_id, "first", attempt=bell.attempt)

    assert refused.refusal is Refusal.TAKEN
    assert world.stages(run_id)["first"].lease == held.stage.lease


def test_a_lease_that_ran_out_is_not_taken_over(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    claimed(world, run_id, "first", token="theirs")
    world.pass_time(A_LEASE)

    refused = claim(world, run_id, "first", attempt=bell.attempt)

    assert refused.refusal is Refusal.EXPIRED
    assert world.stages(run_id)["first"].attempt == 1


@pytest.mark.parametrize(
    "verdict",
    [success({"value": 2}), failure(retryable=False), Skipped(), suspending()],
    ids=["completed", "failed", "skipped", "suspended"],
)
def test_a_stage_that_needs_no_attempt_is_finished(world: World, verdict: Verdict) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    settled(world, run_id, "first", verdict)

    refused = claim(world, run_id, "first", attempt=bell.attempt)

    assert refused.refusal is Refusal.FINISHED


def test_a_stage_of_a_cancelled_run_is_finished(world: World) -> None:
    run_id = begin(world, "three")
    world.dispatch(CancelRun(run_id=run_id))

    refused = claim(world, run_id, "first")

    assert refused.refusal is Refusal.FINISHED


def test_a_stage_that_does_not_exist_is_unknown(world: World) -> None:
    ghost = a_stage(run_id="nobody", workflow_id="three", id="first")
    key = StageKey(run_id="nobody", stage_id="first", group=1, solo=True)
    bell = execute_bell(ghost)

    refused = world.dispatch(ClaimStage(bell=bell, key=key, token="mine", lasts=A_LEASE))

    assert refused == ClaimStageResult(standing=None, refusal=Refusal.UNKNOWN)


def test_who_finds_the_own_token_has_won_before(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    claimed(world, run_id, "first", token="mine")

    again = claim(world, run_id, "first", token="mine", attempt=bell.attempt)

    assert again.refusal is None
    assert world.stages(run_id)["first"].attempt == 1


def test_of_two_who_claim_at_once_one_wins(world: World) -> None:
    run_id = begin(world, "three")
    world.persistence.meanwhile(lambda: claim(world, run_id, "first", token="theirs"))

    refused = claim(world, run_id, "first", token="mine")

    assert refused.refusal is Refusal.TAKEN
    assert world.stages(run_id)["first"].attempt == 1


def test_a_claim_is_one_write(world: World) -> None:
    run_id = begin(world, "three")
    before = len(world.persistence.commits)

    claimed(world, run_id, "first")

    assert len(world.persistence.commits) == before + 1


def test_a_claim_leaves_an_instant_alone_that_comes_soon_enough(world: World) -> None:
    run_id = begin(world, "three")
    due_at = world.stages(run_id)["first"].due_at

    claimed(world, run_id, "first")

    assert world.stages(run_id)["first"].due_at == due_at


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_a_stage_that_was_put_off_is_due_at_its_leases_end(world: World, workflow_id: str) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    world.pass_time(20 * A_MINUTE)
    world.tick()

    claimed(world, run_id, stage_id)

    assert world.stages(run_id)[stage_id].due_at == world.now + A_LEASE


def test_a_stage_that_was_put_off_is_due_sooner_where_its_start_is_told(world: World) -> None:
    world.policy = Policy(published=("stage:started",))
    run_id = begin(world, "fan")
    world.pass_time(20 * A_MINUTE)
    world.tick()
    world.sink.down = True

    claimed(world, run_id, "left")

    left = world.stages(run_id)["left"]
    world.sink.down = False
    assert [event.type for event in left.outbox] == ["stage:started"]
    assert left.due_at == world.now + world.policy.grace


def test_a_short_lease_is_due_when_it_ends(world: World) -> None:
    run_id = begin(world, "fan")
    key = world.stages(run_id)["left"].key
    bell = bell_for(world, run_id, "left")

    world.dispatch(ClaimStage(bell=bell, key=key, token="mine", lasts=10 * A_SECOND))

    assert world.stages(run_id)["left"].due_at == world.now + 10 * A_SECOND


def test_the_world_hears_of_the_start_of_a_stage_if_it_wants_to(world: World) -> None:
    world.policy = Policy(published=("stage:started",))
    run_id = begin(world, "three")

    claimed(world, run_id, "first")

    assert world.sink.types == ("stage:started",)
    assert world.stages(run_id)["first"].outbox == ()


def test_the_progress_of_the_last_attempt_is_forgotten(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    world.dispatch(RecordProgress(seen=held.stage, token="mine", progress=a_progress()))
    settle(world, held, failure(delay=A_SECOND))
    world.pass_time(A_SECOND)

    standing = claimed(world, run_id, "first")

    assert standing.stage.progress is None


def test_a_claim_that_has_something_to_tell_is_due_for_that(world: World) -> None:
    loud = World(ports=world.ports, policy=replace(world.policy, published=("stage:started",)))
    run_id = begin(loud, "three")
    stage = loud.stages(run_id)["first"]
    loud.persistence.commit([update_stage(stage, due_at=loud.now + 3 * A_MINUTE)])
    loud.sink.down = True

    claimed(loud, run_id, "first")

    due_at = loud.stages(run_id)["first"].due_at
    assert due_at is not None
    assert due_at <= loud.now + loud.policy.grace


def test_a_claim_does_not_trust_an_instant_that_is_gone(world: World) -> None:
    run_id = begin(world, "three")
    stage = world.stages(run_id)["first"]
    world.persistence.commit([update_stage(stage, due_at=None)])

    claimed(world, run_id, "first")

    assert world.stages(run_id)["first"].due_at == world.now + A_LEASE
