"""Where the budget does not allow a call, a stage may wait for a larger one."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from kernel.authoring import (
    Budget,
    NotReady,
    PrivateModel,
    Ready,
    Retry,
    StageContext,
    Suspend,
    Usd,
    Workflow,
    batch_stage,
    stage,
    workflow,
)
from kernel.commands.raise_budget import RaiseBudget
from kernel.errors import DefinitionError
from kernel.model.message import ModelReply, Text, Usage
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.queries.show_run import show_run
from tests.support.bills import bill_of
from tests.support.moves import A_MINUTE
from tests.support.workflows import Number
from tests.support.world import World

MODEL = "scripted:one"
# 1,000 tokens in and out at $1 a million each, whatever is held back for it.
A_CALL = Usd("0.002")
EVERYWHERE = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)


@stage(retry=Retry(max_attempts=1))
def ask(ctx: StageContext[Number, None]) -> Number:
    for _ in range(ctx.input.value):
        ctx.ai.generate_text("How?", model=MODEL, max_tokens=1_999)
    return ctx.input


@batch_stage(retry=Retry(max_attempts=1))
class AskLater:
    def execute(self, ctx: StageContext[Number, None]) -> Suspend[Number]:
        return Suspend(ctx.input, poll_every=A_MINUTE, max_wait=timedelta(minutes=30))

    def check(self, ctx: StageContext[Number, None], state: Number) -> Ready[Number] | NotReady:
        for _ in range(state.value):
            ctx.ai.generate_text("How?", model=MODEL, max_tokens=1_999)
        return Ready(state)


def asking(budget: Any, *, made: Any = ask) -> Workflow:
    own = PrivateModel(name=MODEL, input_price=Usd("1"), answer=_answer, output_price=Usd("1"))
    return (
        workflow("asking", input=Number, budget=budget)
        .register_models(own)
        .pipe(cast("Any", made))
        .build()
    )


def _answer(request: object) -> ModelReply:
    return ModelReply(parts=(Text(text="so"),), usage=Usage(input=1_000, output=1_000))


def begun(world: World, made: Any = ask, *, calls: int = 3) -> tuple[str, str]:
    """Let a run go on until its budget is spent: two calls fit in it."""
    world.learn(asking(Budget(Usd("0.0041"), then="ask"), made=made))
    run_id = world.create("asking", {"value": calls})
    world.drain()
    world.pass_time(A_MINUTE)
    world.drain()
    return run_id, made.id


def waiting(world: World, run_id: str) -> StageRecord:
    (found,) = world.stages(run_id).values()
    return found


@EVERYWHERE
@pytest.mark.parametrize("made", [ask, AskLater], ids=["body", "check"])
def test_a_stage_whose_call_does_not_fit_waits_and_says_for_what(world: World, made: Any) -> None:
    run_id, _ = begun(world, made)

    view = show_run(world.ports, run_id)

    assert view.status is Status.RUNNING
    assert view.waiting
    assert view.stages[0].wait is not None
    assert view.stages[0].wait.budget == "0.002"
    assert bill_of(world, run_id).total.calls == 2


@EVERYWHERE
@pytest.mark.parametrize("made", [ask, AskLater], ids=["body", "check"])
def test_a_larger_budget_lets_it_go_on_at_once(world: World, made: Any) -> None:
    run_id, stage_id = begun(world, made)
    before = world.now

    world.dispatch(RaiseBudget(run_id=run_id, limit=Usd("1")))
    world.drain()

    found = world.stages(run_id)[stage_id]
    assert world.run(run_id).status is Status.COMPLETED
    assert world.now - before < A_MINUTE
    assert (found.status, found.max_attempts) == (Status.COMPLETED, 1)
    # What the attempt had spent before it waited is spent.
    assert bill_of(world, run_id).total.calls == 2 + 3


@EVERYWHERE
def test_a_larger_budget_whose_bell_is_lost_is_found_out_in_time(world: World) -> None:
    run_id, _ = begun(world)
    world.dispatch(RaiseBudget(run_id=run_id, limit=Usd("1")))
    world.take_bell()

    run = world.finish(run_id)

    assert run.status is Status.COMPLETED


@EVERYWHERE
@pytest.mark.parametrize("made", [ask, AskLater], ids=["body", "check"])
def test_a_budget_that_nobody_raises_fails_the_run_in_the_end(world: World, made: Any) -> None:
    run_id, _ = begun(world, made)
    before = world.now

    run = world.finish(run_id, rounds=1_000, every=timedelta(minutes=15))

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "BUDGET_EXCEEDED")
    assert timedelta(days=7) - A_MINUTE <= world.now - before < timedelta(days=8)
    assert bill_of(world, run_id).total.calls <= 3


def test_a_budget_that_is_raised_too_little_is_waited_for_again(world: World) -> None:
    run_id, _ = begun(world)
    world.dispatch(RaiseBudget(run_id=run_id, limit=Usd("0.0061")))
    world.drain()

    found = waiting(world, run_id)

    # It began anew, made one call, and the next did not fit.
    assert (found.status, found.attempt, found.pauses) == (Status.SUSPENDED, 2, 1)
    assert bill_of(world, run_id).total.calls == 3


def test_any_number_of_pauses_uses_up_no_attempt(world: World) -> None:
    run_id, _ = begun(world, calls=20)

    for nth in range(10):
        world.dispatch(RaiseBudget(run_id=run_id, limit=Usd("0.0061") + nth * A_CALL))
        world.drain()

    assert waiting(world, run_id).pauses == 10
    assert world.run(run_id).status is Status.RUNNING


def test_a_run_that_waits_for_a_budget_can_be_cancelled(world: World) -> None:
    run_id, _ = begun(world)

    world.dispatch(CancelRun(run_id=run_id))

    assert world.finish(run_id).status is Status.CANCELLED


def test_the_event_says_what_is_waited_for(world: World) -> None:
    run_id, _ = begun(world)

    (event,) = [each for each in world.sink.events if each.type == "stage:suspended"]

    assert event.run_id == run_id
    assert event.detail["budget_wanted"] == "0.002"


@pytest.mark.parametrize(
    ("budget", "problem"),
    [
        (Budget(Usd("1"), then=cast("Any", "beg")), "then is 'fail' or 'ask', and not 'beg'"),
        (Budget(Usd("1"), max_wait=timedelta()), "max_wait is more than nothing"),
        (Budget(cast("Decimal", 2.5)), "it must be written Usd"),
    ],
)
def test_a_budget_that_makes_no_sense_cannot_be_built(budget: Budget, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        asking(budget)
