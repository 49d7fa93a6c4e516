"""Progress and cancellation: what a body says and learns while it runs."""

from typing import Any

import pytest

from adapters.memory import MemoryPersistence
from kernel.authoring import (
    Ready,
    Retry,
    StageContext,
    Suspend,
    batch_stage,
    stage,
)
from kernel.errors import ConditionFailedError, UnavailableError
from kernel.model.stage import Progress
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin_alone,
    execute,
    finish_alone,
)
from tests.support.workflows import Number, Ticket
from tests.support.world import World

Seen = dict[str, Any]


def progress_of(world: World) -> Progress | None:
    return world.stages("run-1")["only"].progress


def test_progress_is_stored_while_the_body_runs(world: World) -> None:
    seen: list[Progress | None] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.progress(0.5, "half way")
        seen.append(progress_of(world))
        return ctx.input

    finish_alone(world, only)

    assert [(one.fraction, one.message) for one in seen if one] == [(0.5, "half way")]


def test_progress_is_stored_no_more_often_than_the_policy_says(world: World) -> None:
    seen: list[Progress | None] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.progress(0.1)
        ctx.progress(0.2)
        seen.append(progress_of(world))
        world.pass_time(world.policy.progress_every)
        ctx.progress(0.3)
        seen.append(progress_of(world))
        return ctx.input

    finish_alone(world, only)

    assert [one.fraction for one in seen if one] == [0.1, 0.3]


@pytest.mark.parametrize(
    ("told", "stored"),
    [(-1, 0.0), (0, 0.0), (1, 1.0), (7, 1.0), (float("nan"), 0.0)],
)
def test_progress_stays_between_nothing_and_all(world: World, told: float, stored: float) -> None:
    seen: list[Progress | None] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        ctx.progress(told, "x" * 1_000)
        seen.append(progress_of(world))
        return ctx.input

    finish_alone(world, only)

    assert [(one.fraction, len(one.message)) for one in seen if one] == [(stored, 200)]


@pytest.mark.parametrize(
    ("error", "times"), [(UnavailableError("Away."), 1), (ConditionFailedError("No."), 1)]
)
def test_a_report_of_progress_that_is_lost_fails_nothing(
    world: World, error: UnavailableError | ConditionFailedError, times: int
) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.persistence.refuse(error, times=times)
        ctx.progress(0.5)
        return ctx.input

    run = finish_alone(world, only)

    assert run.status is Status.COMPLETED
    assert world.stages(run.id)["only"].attempt == 1


def test_a_report_that_is_refused_tells_the_body_that_it_is_no_longer_wanted(
    world: World,
) -> None:
    seen: list[bool] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.cancelled())
        world.dispatch(CancelRun(run_id=ctx.run_id))
        ctx.progress(0.5)
        seen.append(ctx.cancelled())
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only")

    assert seen == [False, True]
    assert progress_of(world) is None


def test_a_body_that_asks_learns_that_its_run_was_cancelled(world: World) -> None:
    seen: list[bool] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.cancelled())
        world.dispatch(CancelRun(run_id=ctx.run_id))
        seen.append(ctx.cancelled())
        world.pass_time(A_SECOND)
        seen.extend([ctx.cancelled(), ctx.cancelled()])
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only")

    assert seen == [False, False, True, True]


def test_a_body_that_lost_its_lease_is_no_longer_wanted(world: World) -> None:
    seen: list[bool] = []

    @stage(id="only", retry=Retry(max_attempts=5))
    def only(ctx: StageContext[Number, None]) -> Number:
        world.pass_time(A_LEASE + A_MINUTE)
        world.tick()
        seen.append(ctx.cancelled())
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only")

    assert seen == [True]


def test_a_body_whose_record_is_gone_is_no_longer_wanted(world: World) -> None:
    seen: list[bool] = []
    store = world.persistence.inner

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.persistence.inner = MemoryPersistence()
        seen.append(ctx.cancelled())
        world.persistence.inner = store
        return ctx.input

    finish_alone(world, only)

    assert seen == [True]


def test_a_check_may_tell_its_progress_too(world: World) -> None:
    seen: list[tuple[Progress | None, bool]] = []

    @batch_stage(id="only")
    class Telling:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1))

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
            ctx.progress(0.5, "half way")
            seen.append((progress_of(world), ctx.cancelled()))
            return Ready(ctx.input)

    finish_alone(world, Telling)

    assert [(one.fraction, gone) for one, gone in seen if one] == [(0.5, False)]
