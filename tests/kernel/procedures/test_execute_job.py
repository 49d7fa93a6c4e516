"""One attempt: claim, the stage's code, settle."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.authoring import Retry, StageContext, stage
from kernel.decisions.bells import execute_bell
from kernel.errors import (
    IdempotencyInProgressError,
    NotFoundError,
    UnavailableError,
)
from kernel.model.payload import Inline
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.execute_job import ExecuteJob, ExecuteJobResult, JobOutcome
from tests.support.builders import a_stage
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    begin_alone,
    bell_for,
    claimed,
    execute,
    failure,
    settled,
)
from tests.support.workflows import Number, three
from tests.support.world import World

TWO = Inline(value={"value": 2})
AWAY = UnavailableError("The store is away.")


def test_a_job_that_succeeds_returns_its_output(world: World) -> None:
    run_id = begin(world, "three")

    result = execute(world, run_id, "first")

    assert result == ExecuteJobResult(outcome=JobOutcome.COMPLETED, output=TWO)
    assert world.output(run_id, "first") == {"value": 2}


def test_a_job_that_is_done_again_returns_the_stored_output(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    execute(world, run_id, "first")
    before = len(world.persistence.commits)

    again = world.dispatch(ExecuteJob(bell=bell))

    assert again == ExecuteJobResult(outcome=JobOutcome.COMPLETED, output=TWO)
    assert len(world.persistence.commits) == before


def test_a_job_under_anothers_live_lease_is_in_progress(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    claimed(world, run_id, "first", token="theirs")

    with pytest.raises(IdempotencyInProgressError, match="'first' of run 'run-1'") as caught:
        world.dispatch(ExecuteJob(bell=bell))

    assert caught.value.context == {"run_id": "run-1", "stage_id": "first"}


def test_whoever_finds_a_lease_that_ran_out_frees_the_job(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    claimed(world, run_id, "first", token="dead")
    world.pass_time(A_LEASE + A_SECOND)

    result = world.dispatch(ExecuteJob(bell=bell))

    assert result == ExecuteJobResult(outcome=JobOutcome.DISCARDED)
    assert world.stages(run_id)["first"].status is Status.PENDING
    assert world.transport.last.bell.attempt == 2


def test_a_bell_that_comes_too_early_says_when_to_ring_again(world: World) -> None:
    run_id = begin(world, "three")
    settled(world, run_id, "first", failure(delay=A_MINUTE))

    result = execute(world, run_id, "first")

    not_before = world.stages(run_id)["first"].not_before
    assert not_before is not None
    assert result == ExecuteJobResult(outcome=JobOutcome.DISCARDED, again_at=not_before)


def test_the_bell_of_a_cancelled_run_is_discarded(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    world.dispatch(CancelRun(run_id=run_id))

    result = world.dispatch(ExecuteJob(bell=bell))

    assert result == ExecuteJobResult(outcome=JobOutcome.DISCARDED)


def test_a_bell_for_a_run_that_does_not_exist_is_discarded(world: World) -> None:
    bell = execute_bell(a_stage(run_id="nobody", workflow_id="three", id="first"))

    with pytest.raises(NotFoundError, match="No run has the id 'nobody'"):
        world.dispatch(ExecuteJob(bell=bell))


def test_a_bell_whose_stage_is_not_there_is_discarded(world: World) -> None:
    stage = a_stage(run_id="nobody", workflow_id="three", id="first")

    result = world.dispatch(ExecuteJob(bell=execute_bell(stage, three)))

    assert result == ExecuteJobResult(outcome=JobOutcome.DISCARDED)


@pytest.mark.parametrize(
    ("workflow_id", "stage_id", "group", "words"),
    [
        ("unheard-of", "first", 1, "No workflow has the id 'unheard-of'"),
        ("three", "fourth", 1, "no stage 'fourth'"),
        ("three", "second", 1, "in group 2 here and in group 1 of run 'run-1'"),
    ],
)
def test_what_this_process_does_not_know_is_left_to_others(
    world: World, workflow_id: str, stage_id: str, group: int, words: str
) -> None:
    stage = a_stage(workflow_id=workflow_id, id=stage_id, group=group)
    bell = replace(execute_bell(stage), fingerprint=three.fingerprint)

    with pytest.raises(NotFoundError, match=words):
        world.dispatch(ExecuteJob(bell=bell))

    assert world.persistence.commits == []


def test_a_process_without_time_begins_nothing(world: World) -> None:
    run_id = begin(world, "three")

    with pytest.raises(UnavailableError, match="fresh one"):
        execute(world, run_id, "first", time_left=A_SECOND)

    assert world.stages(run_id)["first"].status is Status.PENDING


@pytest.mark.parametrize(
    ("time_left", "within"),
    [
        (None, timedelta(minutes=5)),
        (timedelta(hours=1), timedelta(minutes=5)),
        (timedelta(minutes=2), timedelta(minutes=2)),
    ],
    ids=["nobody stops it", "time enough", "little time"],
)
def test_a_lease_lasts_as_long_as_the_body_may_and_a_margin(
    world: World, time_left: timedelta | None, within: timedelta
) -> None:
    seen: list[timedelta] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        lease = world.stages(ctx.run_id)["only"].lease
        assert lease is not None
        seen.extend([lease.expires_at - world.now, ctx.remaining(), ctx.deadline - world.now])
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only", time_left=time_left)

    assert seen == [within + world.policy.lease_margin, within, within]


def test_a_job_whose_run_was_cancelled_meanwhile_is_discarded(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.dispatch(CancelRun(run_id=ctx.run_id))
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    assert result.outcome is JobOutcome.DISCARDED
    assert world.stages(run_id)["only"].result is None
    assert world.run(run_id).status is Status.CANCELLED


def test_a_body_that_outlives_its_lease_is_discarded(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.pass_time(A_LEASE + A_MINUTE)
        world.tick()
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    assert result.outcome is JobOutcome.DISCARDED
    assert world.stages(run_id)["only"].status is Status.PENDING


def test_a_body_that_outlives_its_last_attempt_is_discarded(world: World) -> None:
    @stage(id="only", retry=Retry(max_attempts=1))
    def only(ctx: StageContext[Number, None]) -> Number:
        world.pass_time(A_LEASE + A_MINUTE)
        world.tick()
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    assert result == ExecuteJobResult(outcome=JobOutcome.DISCARDED)
    assert world.run(run_id).status is Status.FAILED


def test_the_last_of_several_moves_the_run_on(world: World) -> None:
    run_id = begin(world, "fan")

    execute(world, run_id, "right")
    unfinished = world.run(run_id).status
    execute(world, run_id, "left")

    assert (unfinished, world.run(run_id).status) == (Status.RUNNING, Status.COMPLETED)
    assert {one.unadvanced for one in world.stages(run_id).values()} == {False}
