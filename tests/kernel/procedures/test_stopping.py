"""A process that is to end stops its bodies: their stages begin anew elsewhere, at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import InlineExecutor
from kernel.authoring import Fatal, NotReady, Ready, Retry, StageContext, Suspend, stage
from kernel.authoring import batch_stage as batch
from kernel.errors import UnavailableError
from kernel.model.status import Status
from kernel.procedures.execute_job import JobOutcome
from tests.support.moves import A_MINUTE, A_SECOND, begin_alone, execute, poll
from tests.support.polling import waits_of
from tests.support.pulses import BeatingExecutor
from tests.support.workflows import Number, Ticket
from tests.support.world import World, memory_ports

AN_HOUR = timedelta(hours=1)


@pytest.fixture
def executor() -> BeatingExecutor:
    return BeatingExecutor(memory_ports().clock)


@pytest.fixture
def world(executor: BeatingExecutor) -> World:
    return World(ports=memory_ports(clock=executor.clock, executor=executor))


def elsewhere(world: World) -> World:
    """Return the same world as a process that goes on sees it."""
    return World(ports=replace(world.ports, executor=InlineExecutor()))


def begin_body(world: World, body: Callable[[StageContext[Number, None]], Number]) -> str:
    """Start a run of *body*, which may be tried once."""

    @stage(id="only", retry=Retry(max_attempts=1))
    def only(ctx: StageContext[Number, None]) -> Number:
        return body(ctx)

    return begin_alone(world, only)


def begin_check(world: World, check: Callable[[], Ready[Number] | NotReady]) -> str:
    """Suspend a stage that asks *check*, and let the time of its first poll come."""

    @batch(id="only")
    class Asking:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=7), max_wait=AN_HOUR)

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady:
            return check()

    run_id = begin_alone(world, Asking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)
    return run_id


def test_a_body_that_is_stopped_costs_none_of_its_attempts_and_no_wait(
    world: World, executor: BeatingExecutor
) -> None:
    def body(ctx: StageContext[Number, None]) -> Number:
        executor.stop()
        executor.live_through(A_SECOND)
        return ctx.input

    run_id = begin_body(world, body)

    result = execute(world, run_id, "only")

    left = world.stages(run_id)["only"]
    assert (result.outcome, result.will_retry) == (JobOutcome.FAILED, True)
    assert left.error is not None
    assert left.error.code == "WORKER_STOPPED"
    assert (left.status, left.not_before, left.stumbles) == (Status.PENDING, world.now, 1)
    assert world.transport.last.delay == timedelta()


def test_a_body_that_was_stopped_begins_anew_elsewhere(
    world: World, executor: BeatingExecutor
) -> None:
    def body(ctx: StageContext[Number, None]) -> Number:
        if ctx.attempt == 1:
            executor.stop()
            executor.live_through(A_SECOND)
        return ctx.input

    run_id = begin_body(world, body)
    execute(world, run_id, "only")

    run = elsewhere(world).finish(run_id)

    assert run.status is Status.COMPLETED
    assert world.stages(run_id)["only"].attempt == 2


def test_a_stop_says_nothing_of_a_traceback(world: World, executor: BeatingExecutor) -> None:
    def body(ctx: StageContext[Number, None]) -> Number:
        executor.stop()
        executor.live_through(A_SECOND)
        return ctx.input

    run_id = begin_body(world, body)

    execute(world, run_id, "only")

    assert not [entry for entry in world.logbook.entries if "traceback" in entry.fields]


def test_a_body_that_asks_learns_at_once_that_its_process_is_to_end(
    world: World, executor: BeatingExecutor
) -> None:
    seen: list[bool] = []

    def body(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.cancelled())
        executor.stop()
        seen.append(ctx.cancelled())
        return ctx.input

    run_id = begin_body(world, body)

    execute(world, run_id, "only")

    assert seen == [False, True]


@pytest.mark.parametrize("error", [None, ValueError("Half way."), Fatal("I give up.")], ids=type)
def test_what_a_body_comes_to_that_was_told_to_stop_is_half_done(
    world: World, executor: BeatingExecutor, error: Exception | None
) -> None:
    def body(ctx: StageContext[Number, None]) -> Number:
        executor.stop()
        if ctx.cancelled() and error:
            raise error
        return ctx.input

    run_id = begin_body(world, body)

    result = execute(world, run_id, "only")

    assert result.error is not None
    assert result.error.code == "WORKER_STOPPED"
    assert world.stages(run_id)["only"].result is None


def test_a_body_that_ends_without_having_asked_counts(
    world: World, executor: BeatingExecutor
) -> None:
    def body(ctx: StageContext[Number, None]) -> Number:
        executor.stop()
        return ctx.input

    run_id = begin_body(world, body)

    result = execute(world, run_id, "only")

    assert result.outcome is JobOutcome.COMPLETED


def test_a_stage_that_is_stopped_again_and_again_fails_in_the_end(
    world: World, executor: BeatingExecutor
) -> None:
    def body(ctx: StageContext[Number, None]) -> Number:
        executor.stop()
        ctx.cancelled()
        executor.is_stopping = False
        return ctx.input

    run_id = begin_body(world, body)

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "WORKER_STOPPED")
    assert world.stages(run_id)["only"].attempt == world.policy.stumbles + 1


def test_a_process_that_is_to_end_begins_nothing(world: World, executor: BeatingExecutor) -> None:
    run_id = begin_body(world, lambda ctx: ctx.input)
    executor.stop()

    with pytest.raises(UnavailableError, match="is to end"):
        execute(world, run_id, "only")

    assert world.stages(run_id)["only"].attempt == 0


def test_a_check_that_is_stopped_is_given_back(world: World, executor: BeatingExecutor) -> None:
    def check() -> Ready[Number]:
        executor.stop()
        executor.live_through(A_SECOND)
        return Ready(Number(value=9))

    run_id = begin_check(world, check)

    poll(world, run_id, "only")

    waits = waits_of(world, run_id)
    assert (waits.lease, waits.failures, waits.next_poll_at) == (None, 0, world.now)
    assert world.transport.last.delay == timedelta()


def test_a_check_that_is_stopped_says_nothing_of_those_that_threw(
    world: World, executor: BeatingExecutor
) -> None:
    def check() -> Ready[Number]:
        if world.now >= resumes_at:
            executor.stop()
            executor.live_through(A_SECOND)
        raise ValueError("502")

    resumes_at = world.now + 2 * A_MINUTE
    run_id = begin_check(world, check)
    poll(world, run_id, "only")
    world.pass_time(A_MINUTE)

    poll(world, run_id, "only")

    assert waits_of(world, run_id).failures == 1


def test_a_last_check_that_is_stopped_is_made_elsewhere(
    world: World, executor: BeatingExecutor
) -> None:
    def check() -> Ready[Number]:
        if world.ports.executor is executor and not executor.is_stopping:
            executor.stop()
            executor.live_through(A_SECOND)
        return Ready(Number(value=9))

    run_id = begin_check(world, check)
    world.pass_time(AN_HOUR)
    poll(world, run_id, "only")

    run = elsewhere(world).finish(run_id)

    assert run.status is Status.COMPLETED
