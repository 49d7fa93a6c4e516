"""What a suspension keeps, and what a check's answer comes to."""

from datetime import timedelta
from typing import Any, cast

import pytest

from kernel.authoring import (
    Failed,
    NotReady,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
)
from kernel.model.failure import Failure
from kernel.model.payload import Inline
from kernel.model.status import Status
from tests.support.moves import (
    A_MINUTE,
    begin_alone,
    execute,
    poll,
)
from tests.support.turns import Turns
from tests.support.workflows import Number, Ticket
from tests.support.world import World


def suspended(world: World, returned: Suspend[Any]) -> str:
    """Start a stage that suspends with *returned*; return its run's id."""

    @batch_stage(id="only")
    class Submitting:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return returned

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
            return Ready(Number(value=state.number))

    run_id = begin_alone(world, Submitting)
    execute(world, run_id, "only")
    return run_id


def test_a_suspension_keeps_its_state_and_its_times(world: World) -> None:
    run_id = suspended(
        world, Suspend(Ticket(number=7), poll_every=A_MINUTE, max_wait=timedelta(hours=2))
    )

    waits = world.stages(run_id)["only"].suspension
    assert waits is not None
    assert waits.state == Inline(value={"number": 7})
    assert (waits.poll_every, waits.deadline) == (A_MINUTE, world.now + timedelta(hours=2))


def test_a_state_that_is_not_what_was_declared_fails_the_stage(world: World) -> None:
    run_id = suspended(world, Suspend(cast("Any", "ticket seven")))

    error = world.run(run_id).error
    assert error is not None
    assert error.code == "INVALID_OUTPUT"


def test_a_suspension_may_have_no_state(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None]:
        return Suspend(callback=True)

    run_id = begin_alone(world, only)
    execute(world, run_id, "only")

    waits = world.stages(run_id)["only"].suspension
    assert waits is not None
    assert (waits.state, waits.callback) == (None, True)


def checked(world: World, answer: Any) -> tuple[Status, Failure | None]:
    """Poll a stage whose check answers *answer*; return what became of it."""
    turns = Turns[Any](answer)

    @batch_stage(id="only")
    class Asking:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=7))

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady | Failed:
            return cast("Ready[Number]", turns.take())

    run_id = begin_alone(world, Asking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)
    poll(world, run_id, "only")
    left = world.stages(run_id)["only"]
    return left.status, left.error


def test_a_check_that_is_ready_completes_the_stage(world: World) -> None:
    left = checked(world, Ready(Number(value=9), metrics={"polls": 1.0}))

    assert left == (Status.COMPLETED, None)
    assert world.output("run-1", "only") == {"value": 9}


def test_a_check_that_is_not_ready_leaves_the_stage_waiting(world: World) -> None:
    left = checked(world, NotReady(check_in=timedelta(seconds=5)))

    waits = world.stages("run-1")["only"].suspension
    assert left == (Status.SUSPENDED, None)
    assert waits is not None
    assert waits.next_poll_at == world.now + timedelta(seconds=5)


def test_a_check_that_failed_fails_the_stage_with_its_own_words(world: World) -> None:
    left = checked(world, Failed("The batch expired.", code="EXPIRED"))

    assert left == (Status.FAILED, Failure.of("EXPIRED", "The batch expired."))


def test_a_check_that_failed_may_ask_for_another_attempt(world: World) -> None:
    left = checked(world, Failed("The batch expired.", retryable=True))

    assert left == (
        Status.PENDING,
        Failure.of("STAGE_FAILED", "The batch expired.", retryable=True),
    )


@pytest.mark.parametrize("nonsense", [None, True, Number(value=1), "ready"], ids=str)
def test_a_check_that_answers_nonsense_fails_the_stage(world: World, nonsense: Any) -> None:
    status, error = checked(world, nonsense)

    assert status is Status.FAILED
    assert error is not None
    assert error.code == "INVALID_OUTPUT"
    assert "must return Ready, NotReady or Failed" in error.message


def test_an_output_of_a_check_is_checked_as_well(world: World) -> None:
    status, error = checked(world, Ready(cast("Number", "nine")))

    assert status is Status.FAILED
    assert error is not None
    assert error.code == "INVALID_OUTPUT"
