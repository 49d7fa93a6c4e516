"""Violations 4, 15 and 20: an attempt is claimed once, counted once, and given up in the end."""

from collections.abc import Callable

from kernel.authoring import StageContext, stage
from kernel.commands.claim_stage import Refusal
from kernel.model.failure import Failure
from kernel.model.status import Status
from kernel.procedures.execute_job import ExecuteJob
from tests.promises.scenes import cancel, rerun
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    begin_alone,
    bell_for,
    claim,
    claimed,
    execute,
    failure,
    finish_alone,
    settled,
)
from tests.support.turns import Page, Turns
from tests.support.workflows import Number
from tests.support.world import World

WINNER, ZOMBIE = Page(text="w" * 5_000), Page(text="z" * 5_000)


def lost(world: World, run_id: str) -> None:
    """Lose a worker in the stage's next attempt; then its bell is delivered once more."""
    bell = bell_for(world, run_id, "fails")
    claimed(world, run_id, "fails")
    world.pass_time(A_LEASE + A_SECOND)
    world.dispatch(ExecuteJob(bell=bell))
    world.pass_time(A_MINUTE)


def test_v04_a_lease_that_ran_out_is_reaped_and_not_taken_over_so_attempts_have_an_end(
    world: World,
) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")
    lost(world, run_id)
    lost(world, run_id)

    world.drain()

    stage_ = world.stages(run_id)["fails"]
    assert (stage_.status, stage_.attempt, stage_.max_attempts) == (Status.FAILED, 2, 2)
    assert _code(stage_.error) == "WORKER_LOST"


def test_v15_attempts_are_never_given_back_so_a_zombie_writes_beside_the_winner(
    world: World,
) -> None:
    turns = Turns[Callable[[], Page]](lambda: outlived(world), lambda: WINNER)

    @stage(id="only")
    def slow(ctx: StageContext[Number, None]) -> Page:
        return turns.take()()

    run = finish_alone(world, slow)

    blobs = world.blobs.keys("runs/")
    assert turns.taken == 2
    assert world.output(run.id, "only") == {"text": WINNER.text}
    assert [key for key in blobs if key.endswith("output.json")] == [
        f"runs/{run.id}/only/0-1/output.json",
        f"runs/{run.id}/only/0-2/output.json",
    ]


def outlived(world: World) -> Page:
    """Take so long that another attempt settles the stage, and answer all the same."""
    world.pass_time(2 * A_LEASE)
    world.tick()
    world.pass_time(A_MINUTE)
    execute(world, "run-1", "only")
    return ZOMBIE


def test_v20_the_bell_of_an_older_generation_claims_nothing_of_the_next(world: World) -> None:
    run_id = begin(world, "fan")
    bell = bell_for(world, run_id, "left")
    cancel(world, run_id)
    rerun(world, run_id, "left")

    late = claim(world, run_id, "left", generation=bell.generation)

    assert late.refusal is Refusal.OUTDATED
    assert world.stages(run_id)["left"].status is Status.PENDING
    world.finish(run_id)


def test_v20_the_bell_of_an_attempt_that_is_over_wastes_no_other(world: World) -> None:
    run_id = begin_alone(world, steady)
    bell = bell_for(world, run_id, "only")
    settled(world, run_id, "only", failure(delay=A_SECOND))
    world.pass_time(A_MINUTE)

    late = claim(world, run_id, "only", attempt=bell.attempt)

    only = world.stages(run_id)["only"]
    assert late.refusal is Refusal.OUTDATED
    assert (only.status, only.attempt) == (Status.PENDING, 1)


@stage(id="only")
def steady(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


def _code(error: Failure | None) -> str | None:
    return error.code if error else None
