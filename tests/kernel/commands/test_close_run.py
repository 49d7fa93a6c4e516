"""From this commit on nothing moves the run but its closing."""

import pytest

from kernel.commands.advance_run import AdvanceRun, Moved
from kernel.commands.close_run import CloseRun, CloseRunResult
from kernel.errors import NotFoundError
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.procedures.claim_pending import ClaimPending
from tests.support.moves import alter, begin, execute, settled, success
from tests.support.world import World

CANCELLING = Closing(target=Status.CANCELLED, reason="changed my mind")


def close(world: World, run_id: str, closing: Closing = CANCELLING) -> CloseRunResult:
    return world.dispatch(CloseRun(run_id=run_id, closing=closing))


def test_a_running_run_is_closed_but_not_over(world: World) -> None:
    run_id = begin(world, "three")

    result = close(world, run_id)

    run = world.run(run_id)
    assert result == CloseRunResult(generation=0)
    assert (run.status, run.closing, run.is_open) == (Status.RUNNING, CANCELLING, False)


def test_a_pending_run_is_closed_and_does_not_start(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    close(world, run_id)

    assert world.dispatch(ClaimPending(run_ids=[run_id])).claimed == ()
    assert world.run(run_id).closing == CANCELLING


def test_a_closing_run_is_due_so_that_the_tick_may_finish_it(world: World) -> None:
    run_id = begin(world, "three")

    close(world, run_id)

    assert world.run(run_id).due_at == world.now + world.policy.grace


@pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
def test_a_run_that_moves_on_just_before_it_is_closed_is_due_all_the_same(world: World) -> None:
    run_id = begin(world, "diamond")
    world.persistence.meanwhile(lambda: execute(world, run_id, "first"))

    close(world, run_id)

    world.pass_time(2 * world.policy.grace)
    world.tick()
    assert world.run(run_id).status is Status.CANCELLED


def test_whoever_closes_a_run_again_joins_the_first(world: World) -> None:
    run_id = begin(world, "three")
    close(world, run_id)
    before = len(world.persistence.commits)

    result = close(world, run_id, Closing(target=Status.FAILED, code="STUCK"))

    assert result == CloseRunResult(generation=0)
    assert world.run(run_id).closing == CANCELLING
    assert len(world.persistence.commits) == before


def test_a_run_that_is_over_stays_as_it_is(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)

    result = close(world, run_id)

    assert result == CloseRunResult(generation=None)
    assert world.run(run_id).status is Status.COMPLETED


def test_a_run_that_ends_at_that_moment_stays_as_it_is(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", success())
    settled(world, run_id, "right", success())
    world.persistence.meanwhile(lambda: world.dispatch(AdvanceRun(run_id=run_id)))

    result = close(world, run_id)

    assert result == CloseRunResult(generation=None)
    assert world.run(run_id).status is Status.COMPLETED


def test_a_closed_run_does_not_advance(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", success())
    settled(world, run_id, "right", success())
    close(world, run_id)

    moved = world.dispatch(AdvanceRun(run_id=run_id)).moved

    assert moved is Moved.NOTHING


def test_a_run_that_was_rerun_in_between_is_closed_in_its_new_generation(world: World) -> None:
    run_id = begin(world, "three")
    world.persistence.meanwhile(lambda: alter(world, run_id, generation=1))

    result = close(world, run_id)

    assert result == CloseRunResult(generation=1)


def test_a_run_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        close(world, "nobody")


def test_of_two_who_close_a_run_at_once_one_says_why(world: World) -> None:
    run_id = begin(world, "three")
    stuck = Closing(target=Status.FAILED, code="STUCK")
    world.persistence.meanwhile(lambda: close(world, run_id, stuck))

    result = close(world, run_id)

    assert result == CloseRunResult(generation=0)
    assert world.run(run_id).closing == stuck
