"""When a cancel returns, nothing of the run commits any more."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kernel.commands.close_run import CloseRun
from kernel.commands.settle_poll import SettlePoll
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.change import CreateStage
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from kernel.procedures.cancel_run import CancelRun, CancelRunResult, finish
from kernel.procedures.execute_job import ExecuteJob, JobOutcome
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    alter,
    begin,
    bell_for,
    claim,
    claimed,
    execute,
    failure,
    poll,
    settle,
    settled,
    success,
    suspending,
)
from tests.support.world import World

CANCELLED = CancelRunResult(cancelled=True, status=Status.CANCELLED)
TWO = success({"value": 2})


def cancel(world: World, run_id: str, reason: str = "") -> CancelRunResult:
    return world.dispatch(CancelRun(run_id=run_id, reason=reason))


def pending(world: World) -> str:
    return world.create("three", {"value": 1})


def started(world: World) -> str:
    return begin(world, "three")


def running(world: World) -> str:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    return run_id


def suspended(world: World) -> str:
    run_id = begin(world, "three")
    settled(world, run_id, "first", suspending())
    return run_id


def retrying(world: World) -> str:
    run_id = begin(world, "three")
    settled(world, run_id, "first", failure(delay=A_MINUTE))
    return run_id


def side_by_side(world: World) -> str:
    run_id = begin(world, "diamond")
    execute(world, run_id, "first")
    claimed(world, run_id, "left")
    return run_id


EACH = pytest.mark.parametrize(
    "given", [pending, started, running, suspended, retrying, side_by_side]
)


@EACH
def test_a_run_can_be_cancelled_wherever_it_is(
    world: World, given: Callable[[World], str]
) -> None:
    run_id = given(world)

    result = cancel(world, run_id, "changed my mind")

    run = world.run(run_id)
    assert result == CANCELLED
    assert (run.status, run.closing, run.completed_at) == (Status.CANCELLED, None, world.now)
    assert world.sink.events[-1].detail["reason"] == "changed my mind"


@EACH
def test_after_a_cancel_no_bell_and_no_tick_changes_anything(
    world: World, given: Callable[[World], str]
) -> None:
    run_id = given(world)
    cancel(world, run_id)
    before = (world.run(run_id).status, {*world.stages(run_id)}, world.sink.types)

    world.finish(run_id)
    world.pass_time(A_LEASE + A_SECOND)
    world.drain()

    stages = world.stages(run_id)
    assert (world.run(run_id).status, {*stages}, world.sink.types) == before
    assert all(stage.status.is_terminal for stage in stages.values())


@pytest.mark.parametrize(
    "verdict",
    [TWO, Skipped(), suspending(), failure(), failure(retryable=False)],
    ids=["completed", "skipped", "suspended", "retried", "failed"],
)
@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_whoever_settles_after_a_cancel_changes_nothing(
    world: World, workflow_id: str, verdict: Verdict
) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    held = claimed(world, run_id, stage_id)
    cancel(world, run_id)
    before = len(world.persistence.commits)

    left = settle(world, held, verdict)

    assert left is None
    assert len(world.persistence.commits) == before


def test_whoever_claims_after_a_cancel_gets_nothing(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    cancel(world, run_id)

    result = world.dispatch(ExecuteJob(bell=bell))

    assert result.outcome is JobOutcome.DISCARDED
    assert world.stages(run_id)["first"].attempt == 0


def test_whoever_polls_after_a_cancel_changes_nothing(world: World) -> None:
    run_id = suspended(world)
    seen = world.persistence.standing(world.stages(run_id)["first"].key)
    world.pass_time(A_MINUTE)
    cancel(world, run_id)

    polled = poll(world, run_id, "first")
    late = world.dispatch(SettlePoll(seen=seen, token="mine", verdict=TWO))

    assert (polled.checked, late.stage) == (0, None)
    assert world.stages(run_id)["first"].status is Status.CANCELLED


def test_a_stage_that_is_claimed_between_the_list_and_the_fence_is_fenced(world: World) -> None:
    run_id = begin(world, "fan")
    acts: list[Callable[[], object]] = [lambda: None, lambda: claim(world, run_id, "left")]
    world.persistence.meanwhile(*acts)

    cancel(world, run_id)

    stage = world.stages(run_id)["left"]
    assert (stage.status, stage.attempt, stage.lease) == (Status.CANCELLED, 1, None)


def test_a_cancel_that_died_half_way_is_finished_by_the_next(world: World) -> None:
    run_id = side_by_side(world)
    world.persistence.meanwhile(lambda: None, lambda: None)
    closing = Closing(target=Status.CANCELLED, reason="the first")
    world.dispatch(CloseRun(run_id=run_id, closing=closing))

    result = cancel(world, run_id, "the second")

    assert result == CANCELLED
    assert world.sink.types.count("workflow:cancelled") == 1
    assert world.sink.events[-1].detail["reason"] == "the first"


@pytest.mark.parametrize("commits", [1, 2, 3], ids=["closing", "fencing", "fencing more"])
def test_a_cancel_that_died_half_way_is_finished_by_the_tick(world: World, commits: int) -> None:
    run_id = side_by_side(world)
    world.persistence.meanwhile(*[lambda: None] * commits, lambda: refuse_once(world))

    with pytest.raises(UnavailableError):
        cancel(world, run_id)

    world.pass_time(2 * A_MINUTE)
    world.tick()
    assert world.run(run_id).status is Status.CANCELLED
    assert world.sink.types[-1] == "workflow:cancelled"


def refuse_once(world: World) -> None:
    world.persistence.refuse(UnavailableError("The store is away."))


def test_two_cancels_at_once_end_the_run_once(world: World) -> None:
    run_id = side_by_side(world)
    world.persistence.meanwhile(lambda: cancel(world, run_id))

    result = cancel(world, run_id)

    assert result == CANCELLED
    assert world.sink.types.count("workflow:cancelled") == 1


def test_a_run_that_is_over_is_not_cancelled(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)

    result = cancel(world, run_id)

    assert result == CancelRunResult(cancelled=False, status=Status.COMPLETED)
    assert world.sink.types[-1] == "workflow:completed"


def test_a_run_that_was_cancelled_before_is_cancelled_now(world: World) -> None:
    run_id = begin(world, "three")
    cancel(world, run_id)

    result = cancel(world, run_id)

    assert result == CANCELLED
    assert world.sink.types.count("workflow:cancelled") == 1


def test_finished_stages_of_a_cancelled_run_keep_their_output(world: World) -> None:
    run_id = side_by_side(world)

    cancel(world, run_id)

    statuses = {id_: stage.status for id_, stage in world.stages(run_id).items()}
    assert statuses == {
        "first": Status.COMPLETED,
        "left": Status.CANCELLED,
        "right": Status.CANCELLED,
    }
    assert world.output(run_id, "first") == {"value": 2}


def test_a_run_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        cancel(world, "nobody")


def test_an_old_cancel_leaves_the_next_generation_alone(world: World) -> None:
    run_id = begin(world, "fan")
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))
    stage = world.stages(run_id)["left"]
    anew = replace(stage, generation=1, due_at=world.now)
    alter(world, run_id, generation=1, closing=None)
    world.persistence.commit([CreateStage(stage=anew)])

    finish(world.kernel, run_id, generation=0)

    assert world.run(run_id).status is Status.RUNNING
    assert world.stages(run_id)["left"].status is Status.PENDING
