"""A closing ends once all stages are fenced, and says so."""

from kernel.commands.close_run import CloseRun
from kernel.commands.fence_stage import FenceStage
from kernel.commands.finish_closing import FinishClosing
from kernel.model.run import Closing
from kernel.model.status import Status
from tests.support.moves import alter, begin
from tests.support.world import World

CANCELLING = Closing(target=Status.CANCELLED, reason="changed my mind")
STUCK = Closing(target=Status.FAILED, code="STUCK", reason="Nothing can move it.")


def fenced(world: World, closing: Closing = CANCELLING) -> str:
    """Return a run that is being closed, with its one stage fenced."""
    run_id = begin(world, "three")
    world.dispatch(CloseRun(run_id=run_id, closing=closing))
    stage = world.stages(run_id)["first"]
    world.dispatch(FenceStage(seen=stage))
    return run_id


def finish(world: World, run_id: str, generation: int = 0) -> bool:
    return world.dispatch(FinishClosing(run_id=run_id, generation=generation)).finished


def test_a_cancelled_run_is_over_and_says_why(world: World) -> None:
    run_id = fenced(world)

    finished = finish(world, run_id)

    run = world.run(run_id)
    assert finished
    assert (run.status, run.closing, run.completed_at) == (Status.CANCELLED, None, world.now)
    assert run.error is not None
    assert (run.error.code, run.error.message) == ("CANCELLED", "changed my mind")


def test_the_world_hears_that_a_run_was_cancelled(world: World) -> None:
    run_id = fenced(world)

    finish(world, run_id)

    event = world.sink.events[-1]
    assert (event.type, event.detail["reason"]) == ("workflow:cancelled", "changed my mind")


def test_a_closing_may_end_in_failure_as_well(world: World) -> None:
    run_id = fenced(world, STUCK)

    finish(world, run_id)

    run, event = world.run(run_id), world.sink.events[-1]
    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "STUCK")
    assert (event.type, event.detail["error"]) == (
        "workflow:failed",
        {"code": "STUCK", "message": "Nothing can move it."},
    )


def test_without_a_reason_there_is_no_error(world: World) -> None:
    run_id = fenced(world, Closing(target=Status.CANCELLED))

    finish(world, run_id)

    assert world.run(run_id).error is None


def test_a_closing_ends_once(world: World) -> None:
    run_id = fenced(world)
    finish(world, run_id)

    again = finish(world, run_id)

    assert not again
    assert world.sink.types.count("workflow:cancelled") == 1


def test_of_two_who_end_a_closing_at_once_one_does(world: World) -> None:
    run_id = fenced(world)
    world.persistence.meanwhile(lambda: finish(world, run_id))

    finished = finish(world, run_id)

    assert not finished
    assert world.sink.types.count("workflow:cancelled") == 1


def test_a_run_that_is_not_being_closed_is_left_alone(world: World) -> None:
    run_id = begin(world, "three")

    finished = finish(world, run_id)

    assert not finished
    assert world.run(run_id).status is Status.RUNNING


def test_an_old_closing_does_not_end_the_next_generation(world: World) -> None:
    run_id = fenced(world)
    alter(world, run_id, generation=1)

    finished = finish(world, run_id, generation=0)

    assert not finished
    assert world.run(run_id).status is Status.RUNNING
