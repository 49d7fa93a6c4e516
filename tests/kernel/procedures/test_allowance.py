"""Code that is cut off says whose limit that was: its own, or that of its process."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.memory import SkippingClock
from adapters.system.clock import SystemClock
from adapters.system.executor import LocalExecutor
from kernel.authoring import Ready, Retry, StageContext, Suspend, batch_stage, stage
from kernel.model.failure import Failure
from kernel.model.policy import Policy
from kernel.model.stage import Poll
from kernel.model.status import Status
from kernel.ports.executor import AttemptKey, BodyTimeoutError
from kernel.procedures.allowance import Allowance
from kernel.procedures.poll_stages import PollStages
from tests.support.moves import A_MINUTE, begin_alone, execute
from tests.support.polling import waits_of
from tests.support.workflows import Number, Ticket
from tests.support.world import World, memory_ports

SHORT: Final = timedelta(milliseconds=50)
LEFT: Final = timedelta(seconds=42)
ITS_OWN: Final = "Stage 'only' did not end within its timeout of 5 minutes."
THE_PROCESS: Final = (
    "Stage 'only' was cut off 42 seconds into its timeout of 5 minutes: the process had no more"
    " than that left; raise WorkerTimeout, or use a queue whose worker has more time."
)


class StrictExecutor:
    """Lets every body run, and then finds that it took all the time there was."""

    tainted = False
    is_stopping = False

    def __init__(self, clock: SkippingClock) -> None:
        self._clock = clock

    def run(self, body: Callable[[], Any], *, of: AttemptKey, within: timedelta, **_: Any) -> Any:
        body()
        self._clock.sleep(within)
        raise BodyTimeoutError("The body did not end.")

    async def aside(self, call: Callable[[], Any], *, of: AttemptKey) -> Any:
        return call()


def strictly(world: World) -> World:
    """Return the same world, in which from now on nothing ends in its time."""
    ports = replace(world.ports, executor=StrictExecutor(world.clock))
    return World(ports=ports, policy=world.policy)


def next_poll(world: World, run_id: str) -> Poll:
    stage_ = world.stages(run_id)["only"]
    return Poll(workflow_id=stage_.workflow_id, key=stage_.key)


@pytest.fixture
def strict() -> World:
    return strictly(World())


@stage(id="only", retry=Retry(max_attempts=2))
def only(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


@batch_stage(id="only")
class Asking:
    """Its check never ends, if it is let."""

    def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=7))

    def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
        return Ready(Number(value=state.number))


@pytest.mark.parametrize(
    ("time_left", "code", "message"),
    [
        (None, "STAGE_TIMEOUT", ITS_OWN),
        (timedelta(minutes=5), "STAGE_TIMEOUT", ITS_OWN),
        (timedelta(minutes=15), "STAGE_TIMEOUT", ITS_OWN),
        (LEFT, "HOST_DEADLINE", THE_PROCESS),
    ],
    ids=["nobody stops it", "as much", "more", "less"],
)
def test_a_body_that_is_cut_off_says_whose_limit_that_was(
    strict: World, time_left: timedelta | None, code: str, message: str
) -> None:
    run_id = begin_alone(strict, only)

    result = execute(strict, run_id, "only", time_left=time_left)

    assert result.will_retry
    assert result.error == Failure(code=code, message=message, retryable=True)
    assert strict.logbook.messages[-1] == f"Stage 'only' failed: {message}"


def test_being_cut_off_costs_an_attempt_whoever_did_it(strict: World) -> None:
    run_id = begin_alone(strict, only)
    execute(strict, run_id, "only", time_left=LEFT)
    strict.pass_time(A_MINUTE)

    result = execute(strict, run_id, "only")

    assert not result.will_retry
    assert strict.stages(run_id)["only"].attempt == 2
    assert strict.run(run_id).status is Status.FAILED


def test_a_process_is_waited_for_no_longer_than_it_lasts(strict: World) -> None:
    run_id = begin_alone(strict, only)
    began = strict.now

    execute(strict, run_id, "only", time_left=LEFT)

    assert strict.now - began == LEFT


def test_a_condition_that_is_cut_off_is_too(strict: World) -> None:
    @stage(id="only", when=lambda _: True)
    def conditional(ctx: StageContext[Number, None]) -> Number:
        raise AssertionError("It was not to begin.")

    run_id = begin_alone(strict, conditional)

    result = execute(strict, run_id, "only", time_left=LEFT)

    assert result.error is not None
    assert (result.error.code, result.error.message) == ("HOST_DEADLINE", THE_PROCESS)


@pytest.mark.parametrize(
    ("time_left", "code", "begins"),
    [
        (None, "STAGE_TIMEOUT", "The check of stage 'only' did not end within its timeout of 1 m"),
        (LEFT, "HOST_DEADLINE", "The check of stage 'only' was cut off 42 seconds into its time"),
    ],
    ids=["its own", "the process"],
)
def test_a_check_that_is_cut_off_says_whose_limit_that_was(
    time_left: timedelta | None, code: str, begins: str
) -> None:
    world = World(policy=Policy(poll_failures=1))
    run_id = begin_alone(world, Asking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)

    strictly(world).dispatch(PollStages(polls=[next_poll(world, run_id)], time_left=time_left))

    error = world.stages(run_id)["only"].error
    assert error is not None
    assert error.code == code
    assert error.message.startswith(begins)


def test_a_check_that_is_cut_off_is_made_again() -> None:
    world = World()
    run_id = begin_alone(world, Asking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)

    strictly(world).dispatch(PollStages(polls=[next_poll(world, run_id)]))

    assert world.stages(run_id)["only"].status is Status.SUSPENDED
    assert waits_of(world, run_id).failures == 1


@pytest.mark.parametrize(
    ("timeout", "time_left", "code", "left_over"),
    [
        (SHORT, None, "STAGE_TIMEOUT", "within its timeout of 0.05 seconds"),
        (timedelta(minutes=5), 2 * SHORT, "HOST_DEADLINE", "0.1 seconds into its timeout of 5 m"),
    ],
    ids=["its own", "the process"],
)
def test_a_body_that_really_does_not_end_says_so(
    timeout: timedelta, time_left: timedelta | None, code: str, left_over: str
) -> None:
    release = threading.Event()

    @stage(id="only", timeout=timeout)
    def stuck(ctx: StageContext[Number, None]) -> Number:
        release.wait(60)
        return ctx.input

    executor = LocalExecutor(grace=timedelta(milliseconds=10))
    ports = memory_ports(clock=SystemClock(), executor=executor)
    world = World(ports=ports, policy=Policy(least_time=timedelta()))
    run_id = begin_alone(world, stuck)

    result = execute(world, run_id, "only", time_left=time_left)

    release.set()
    assert result.error is not None
    assert result.error.code == code
    assert left_over in result.error.message
    assert executor.tainted


def test_the_shorter_of_both_limits_holds() -> None:
    allowed = [
        Allowance(whose="It", timeout=A_MINUTE, time_left=left).within
        for left in (None, LEFT, A_MINUTE, 2 * A_MINUTE)
    ]

    assert allowed == [A_MINUTE, LEFT, A_MINUTE, A_MINUTE]
