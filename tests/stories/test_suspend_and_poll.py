"""Suspend and poll: nothing runs while a provider takes its time."""

from datetime import timedelta

from pydantic import BaseModel

from kernel.authoring import (
    Failed,
    NotReady,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)
from kernel.model.status import Status
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World

A_MINUTE = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)


class Ticket(BaseModel):
    """What the provider gave in return."""

    number: int


def submitting(world: World, *answers: Ready[Number] | NotReady | Failed) -> str:
    """Start a run whose second stage submits a batch; return its id."""
    turns = Turns[Ready[Number] | NotReady | Failed](*answers)

    @stage
    def prepare(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    @batch_stage(id="batch")
    class Batch:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=7), poll_every=A_MINUTE, max_wait=AN_HOUR)

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady | Failed:
            return turns.take()

    @stage
    def collect(ctx: StageContext[Number, None]) -> Number:
        return Number(value=ctx.input.value + 1)

    built = workflow("batches", input=Number).pipe(prepare).pipe(Batch).pipe(collect).build()
    world.learn(built)
    return world.create("batches", {"value": 1})


def test_a_suspended_stage_goes_on_when_a_poll_says_so(world: World) -> None:
    run_id = submitting(world, NotReady(), NotReady(), Ready(Number(value=41)))

    run = world.finish(run_id)

    batch = world.stages(run_id)["batch"]
    assert run.status is Status.COMPLETED
    assert batch.attempt == 1
    assert world.output(run_id, "collect") == {"value": 42}


def test_no_bell_rings_between_two_polls(world: World) -> None:
    run_id = submitting(world, NotReady(check_in=20 * A_MINUTE), Ready(Number(value=41)))
    world.drain()
    world.pass_time(A_MINUTE)
    world.drain()
    answered = len(world.answered)

    world.pass_time(10 * A_MINUTE)
    world.tick()
    world.drain()

    assert len(world.answered) == answered
    assert world.stages(run_id)["batch"].status is Status.SUSPENDED


def test_a_provider_that_gives_up_fails_the_run(world: World) -> None:
    run_id = submitting(world, NotReady(), Failed("The batch expired.", code="EXPIRED"))

    run = world.finish(run_id)

    assert run.status is Status.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.message) == ("EXPIRED", "The batch expired.")


def test_a_provider_that_never_answers_is_given_up_at_the_deadline(world: World) -> None:
    run_id = submitting(world, NotReady())
    before = world.now

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "SUSPENSION_TIMEOUT")
    assert run.completed_at is not None
    assert AN_HOUR <= run.completed_at - before <= AN_HOUR + 2 * A_MINUTE


def test_the_tick_alone_keeps_the_polls_going(world: World) -> None:
    run_id = submitting(world, NotReady(), NotReady(), Ready(Number(value=41)))
    world.drain()
    world.transport.deaf = True
    world.pass_time(A_MINUTE)
    world.tick()
    world.transport.deaf = False

    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
