"""An attempt that fails: whose fault it is, and whether there is another one."""

from datetime import timedelta

from kernel.authoring import Fatal, Retry, RetryAfter, StageContext, stage
from kernel.errors import (
    UnavailableError,
)
from kernel.model.payload import Inline
from kernel.model.status import Status
from kernel.ports.executor import BodyTimeoutError
from kernel.procedures.execute_job import JobOutcome
from tests.support.moves import (
    A_MINUTE,
    begin,
    begin_alone,
    execute,
)
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World

TWO = Inline(value={"value": 2})
AWAY = UnavailableError("The store is away.")


def test_a_stage_that_fails_is_tried_again(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")

    result = execute(world, run_id, "fails")

    assert result.error is not None
    assert (result.outcome, result.will_retry) == (JobOutcome.FAILED, True)
    assert (result.error.code, result.error.message) == (
        "STAGE_ERROR",
        "RuntimeError: no luck with 2",
    )


def test_a_stage_without_attempts_left_has_failed(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")
    execute(world, run_id, "fails")
    world.pass_time(A_MINUTE)

    result = execute(world, run_id, "fails")

    assert (result.outcome, result.will_retry) == (JobOutcome.FAILED, False)
    assert world.run(run_id).status is Status.FAILED


def test_a_stage_may_choose_how_long_to_wait(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        raise RetryAfter(timedelta(minutes=7), "The provider is busy.")

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    waiting = world.stages(run_id)["only"]
    assert result.will_retry
    assert waiting.not_before == world.now + timedelta(minutes=7)
    assert waiting.error is not None
    assert (waiting.error.code, waiting.error.message) == ("RETRY_AFTER", "The provider is busy.")


def test_a_stage_that_says_fatal_is_not_tried_again(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        message = "The document is encrypted."
        raise Fatal(message)

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    assert not result.will_retry
    assert result.error is not None
    assert (result.error.code, result.error.message) == ("FATAL", "The document is encrypted.")
    assert world.run(run_id).status is Status.FAILED


def test_a_body_that_takes_too_long_is_tried_again(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        raise BodyTimeoutError("The body did not end within five minutes.")

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    assert result.will_retry
    assert result.error is not None
    assert result.error.code == "STAGE_TIMEOUT"


def test_a_dependency_that_is_down_costs_the_stage_none_of_its_own_attempts(
    world: World,
) -> None:
    turns = Turns[Number](*[AWAY] * world.policy.stumbles, Number(value=1))

    @stage(id="only", retry=Retry(max_attempts=1))
    def only(ctx: StageContext[Number, None]) -> Number:
        return turns.take()

    run_id = begin_alone(world, only)

    run = world.finish(run_id)

    stage_ = world.stages(run_id)["only"]
    assert run.status is Status.COMPLETED
    assert (stage_.attempt, stage_.stumbles) == (6, 5)


def test_a_dependency_that_stays_down_fails_the_stage_in_the_end(world: World) -> None:
    @stage(id="only", retry=Retry(max_attempts=2))
    def only(ctx: StageContext[Number, None]) -> Number:
        raise AWAY

    run_id = begin_alone(world, only)

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "UNAVAILABLE")
    assert world.stages(run_id)["only"].attempt == 2 + world.policy.stumbles


def test_the_attempts_own_failures_count_beside_stumbles(world: World) -> None:
    turns = Turns[Number](AWAY, ValueError("It broke."))

    @stage(id="only", retry=Retry(max_attempts=2))
    def only(ctx: StageContext[Number, None]) -> Number:
        return turns.take()

    run_id = begin_alone(world, only)

    run = world.finish(run_id)

    assert run.status is Status.FAILED
    assert world.stages(run_id)["only"].attempt == 3


def test_the_reason_of_a_failure_is_kept_for_people(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")

    execute(world, run_id, "fails")

    entry = world.logbook.entries[-1]
    assert entry.message == "Stage 'fails' failed: no luck with 2"
    assert (entry.fields["run_id"], entry.fields["attempt"]) == (run_id, 1)
    assert "always_failing" in str(entry.fields["traceback"])
