"""A stage hands many requests to a provider at once, sleeps, and goes on with the answers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from pydantic import BaseModel

from adapters.memory import Ending, ScriptedBatches
from kernel.authoring import (
    BatchItem,
    BatchProgress,
    Failed,
    NotReady,
    PrivateModel,
    Ready,
    StageContext,
    Suspend,
    Usd,
    Workflow,
    batch_stage,
    workflow,
)
from kernel.model.call import CallKind, CallState
from kernel.model.message import ModelRequest
from kernel.model.money import dollars
from kernel.model.status import Status
from kernel.ports.batch_model import BatchState
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World

MODEL = "scripted:many"


class Sums(BaseModel):
    found: dict[str, str]


def sums(ctx: StageContext[Number, None], state: BatchProgress) -> Ready[Sums] | NotReady | Failed:
    found = ctx.ai.batch(MODEL).check(state)
    if isinstance(found, NotReady | Failed):
        return found
    return Ready(Sums(found=found.values()))


@batch_stage
class Summarise:
    def execute(self, ctx: StageContext[Number, None]) -> Suspend[BatchProgress]:
        items = (BatchItem(id=f"i{n}", prompt=f"word {n}") for n in range(ctx.input.value))
        return ctx.ai.batch(MODEL).submit(items)

    def check(
        self, ctx: StageContext[Number, None], state: BatchProgress
    ) -> Ready[Sums] | NotReady | Failed:
        return sums(ctx, state)


def summing(**model: object) -> Workflow:
    own = PrivateModel(name=MODEL, input_price=Usd("2"), output_price=Usd("10"), **model)  # type: ignore[arg-type]
    return workflow("summing", input=Number).register_models(own).pipe(Summarise).build()


def with_provider(world: World, **script: object) -> ScriptedBatches:
    provider = ScriptedBatches(clock=world.clock, **script)  # type: ignore[arg-type]
    world.provide(batches=provider)
    return provider


def test_a_batch_is_handed_in_once_and_costs_half(world: World) -> None:
    world.learn(summing())
    provider = with_provider(world)
    run_id = world.create("summing", {"value": 3})
    began = world.now

    run = world.finish(run_id)

    (call,) = world.persistence.calls(run_id)
    assert run.status is Status.COMPLETED
    assert world.output(run_id, "summarise") == {"found": {f"i{n}": f"word {n}" for n in range(3)}}
    assert len(provider.handed_in) == 1
    assert world.now - began >= timedelta(hours=1)
    assert (call.kind, call.state, call.requests) == (CallKind.BATCH, CallState.SETTLED, 3)
    # 100 tokens in and 20 out each, at half of $2 and of $10 a million.
    assert dollars(call.cost or 0) == 3 * Decimal("0.0002")


def test_an_attempt_that_failed_after_handing_in_has_handed_in_for_the_next(world: World) -> None:
    trouble = Turns[object](ConnectionError("reset"), None)

    @batch_stage
    class Hasty:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[BatchProgress]:
            suspended = ctx.ai.batch(MODEL).submit([BatchItem(id="one", prompt="word")])
            trouble.take()
            return suspended

        def check(
            self, ctx: StageContext[Number, None], state: BatchProgress
        ) -> Ready[Sums] | NotReady | Failed:
            return sums(ctx, state)

    world.learn(workflow("hasty", input=Number).pipe(Hasty).build())
    provider = with_provider(world)
    run_id = world.create("hasty", {"value": 3})

    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
    assert world.stages(run_id)["hasty"].attempt == 2
    assert len(provider.handed_in) == 1
    assert [call.requests for call in world.persistence.calls(run_id)] == [1]


def test_a_batch_that_fails_fails_its_stage(world: World) -> None:
    world.learn(summing())
    ending = Ending(state=BatchState.FAILED, answered=0, reason="The file is not as it must be.")
    with_provider(world, endings=[ending] * 3)
    run_id = world.create("summing", {"value": 2})

    run = world.finish(run_id)

    assert run.status is Status.FAILED
    assert run.error is not None
    assert "The file is not as it must be." in run.error.message


@pytest.mark.parametrize("count", [1, 3])
def test_a_model_of_the_workflows_own_takes_batches_too(world: World, count: int) -> None:
    def answer(request: ModelRequest) -> str:
        return "own"

    world.learn(summing(answer=answer))
    run_id = world.create("summing", {"value": count})

    world.finish(run_id)

    assert world.output(run_id, "summarise") == {"found": {f"i{n}": "own" for n in range(count)}}
    (call,) = world.persistence.calls(run_id)
    assert call.cost
