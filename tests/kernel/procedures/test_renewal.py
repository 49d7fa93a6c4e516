"""A body may take many times its lease: that is renewed meanwhile, and its loss is noticed."""

from datetime import timedelta

import pytest

from kernel.authoring import Retry, StageContext, stage
from kernel.errors import ConditionFailedError, UnavailableError
from kernel.model.lease import Lease
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.execute_job import JobOutcome
from tests.support.moves import A_MINUTE, A_SECOND, begin_alone, execute
from tests.support.pulses import BeatingExecutor
from tests.support.workflows import Number
from tests.support.world import World, memory_ports

LEASE = timedelta(seconds=30)


@pytest.fixture
def executor() -> BeatingExecutor:
    return BeatingExecutor(memory_ports().clock)


@pytest.fixture
def world(executor: BeatingExecutor) -> World:
    return World(ports=memory_ports(clock=executor.clock, executor=executor))


def lease_of(world: World) -> Lease | None:
    return world.stages("run-1")["only"].lease


def test_a_body_of_several_lease_lengths_keeps_its_lease(
    world: World, executor: BeatingExecutor
) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        executor.live_through(2 * LEASE)
        world.tick()
        executor.live_through(2 * LEASE)
        world.tick()
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only", lease=LEASE)

    assert result.outcome is JobOutcome.COMPLETED
    assert world.stages(run_id)["only"].attempt == 1


@pytest.mark.parametrize(
    ("lease", "lasts"),
    [
        (None, timedelta(minutes=5, seconds=30)),
        (LEASE, LEASE),
        (timedelta(hours=1), timedelta(minutes=5, seconds=30)),
    ],
    ids=["as long as it may take", "shorter", "longer"],
)
def test_a_lease_is_never_longer_than_the_body_may_take_and_a_margin(
    world: World, lease: timedelta | None, lasts: timedelta
) -> None:
    seen: list[timedelta] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        held = lease_of(world)
        assert held is not None
        seen.extend([held.expires_at - world.now, ctx.remaining()])
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only", lease=lease)

    assert seen == [lasts, timedelta(minutes=5)]


def test_a_lease_that_is_taken_for_all_the_time_is_not_renewed(
    world: World, executor: BeatingExecutor
) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only")

    assert executor.pulses == [None]


def test_two_beats_may_be_lost_before_the_lease_is(
    world: World, executor: BeatingExecutor
) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.persistence.refuse(UnavailableError("Away."), times=2)
        executor.live_through(LEASE - A_SECOND)
        world.tick()
        executor.live_through(LEASE)
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only", lease=LEASE)

    assert result.outcome is JobOutcome.COMPLETED


@pytest.mark.parametrize(
    ("error", "times"),
    [
        (UnavailableError("Away."), 1),
        (ConditionFailedError("Somebody was faster."), 8),
        (RuntimeError("The store speaks nonsense."), 1),
    ],
    ids=["no answer", "conflicts without end", "nonsense"],
)
def test_a_beat_that_goes_wrong_is_reported_and_ends_nothing(
    world: World, executor: BeatingExecutor, error: Exception, times: int
) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.persistence.refuse(error, times=times)
        executor.live_through(LEASE)
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only", lease=LEASE)

    message = "The lease of stage 'only' of run 'run-1' cannot be renewed just now."
    assert result.outcome is JobOutcome.COMPLETED
    assert message in world.logbook.messages


def test_a_body_whose_run_is_cancelled_is_stopped_at_the_next_beat(
    world: World, executor: BeatingExecutor
) -> None:
    lived: list[str] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.dispatch(CancelRun(run_id=ctx.run_id))
        lived.append("cancelled")
        executor.live_through(LEASE)
        lived.append("and a lease later")
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only", lease=LEASE)

    assert lived == ["cancelled"]
    assert result.outcome is JobOutcome.DISCARDED
    assert world.run(run_id).status is Status.CANCELLED


def test_a_body_that_asks_after_such_a_beat_is_told_without_a_read(
    world: World, executor: BeatingExecutor
) -> None:
    seen: list[bool] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.cancelled())
        world.dispatch(CancelRun(run_id=ctx.run_id))
        seen.append(ctx.cancelled())
        (pulse,) = executor.pulses
        seen.append(pulse is not None and pulse.beat())
        seen.append(ctx.cancelled())
        return ctx.input

    run_id = begin_alone(world, only)

    execute(world, run_id, "only", lease=LEASE)

    assert seen == [False, False, False, True]


def test_a_worker_that_stood_still_beyond_its_lease_finds_it_reaped(
    world: World, executor: BeatingExecutor
) -> None:
    @stage(id="only", retry=Retry(max_attempts=5))
    def only(ctx: StageContext[Number, None]) -> Number:
        world.pass_time(LEASE + A_MINUTE)
        world.tick()
        executor.live_through(LEASE)
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only", lease=LEASE)

    left = world.stages(run_id)["only"]
    assert result.outcome is JobOutcome.DISCARDED
    assert left.error is not None
    assert (left.status, left.error.code) == (Status.PENDING, "WORKER_LOST")


def test_a_worker_that_stood_still_and_was_not_missed_goes_on(
    world: World, executor: BeatingExecutor
) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        world.pass_time(LEASE + A_MINUTE)
        executor.live_through(LEASE)
        world.tick()
        return ctx.input

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only", lease=LEASE)

    assert result.outcome is JobOutcome.COMPLETED
