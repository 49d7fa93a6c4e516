"""Stages that are asynchronous await language models, and their loop goes on meanwhile."""

import asyncio
import threading
from datetime import timedelta

from adapters.memory import ScriptedModel
from adapters.system.executor import LocalExecutor
from kernel.authoring import PrivateModel, StageContext, Usd, Workflow, stage, workflow
from kernel.model.message import ModelRequest
from tests.support.workflows import Number
from tests.support.world import World

MODEL = "offline:counter"
both = threading.Barrier(2, timeout=20)


def meet(request: ModelRequest) -> str:
    """Answer when two are asked at the same time, and not before."""
    both.wait()
    return '{"value": 3}'


@stage(timeout=timedelta(minutes=5))
async def ask_twice(ctx: StageContext[Number, None]) -> Number:
    ai = ctx.ai.aio
    one, two = await asyncio.gather(
        ai.generate_object("How many?", schema=Number, model=MODEL),
        ai.generate_object("How many more?", schema=Number, model=MODEL),
    )
    return Number(value=one.value.value + two.value.value)


@stage
async def read(ctx: StageContext[Number, None]) -> str:
    stream = ctx.ai.aio.stream_text("Say something.", model="scripted:one")
    heard = "".join([piece async for piece in stream])
    text = await ctx.ai.aio.generate_text("And more.", model="scripted:one")
    return f"{heard}/{stream.result.text}/{text.text}"


def asking() -> Workflow:
    model = PrivateModel(name=MODEL, answer=meet, input_price=Usd("1"), output_price=Usd("1"))
    return workflow("asking", input=Number).register_models(model).pipe(ask_twice).build()


def test_two_calls_are_under_way_at_once_and_each_is_on_the_bill(world: World) -> None:
    world.learn(asking())
    world.provide(executor=LocalExecutor())
    run_id = world.create("asking", {"value": 1})

    world.finish(run_id)

    assert world.output(run_id, "ask_twice") == {"value": 6}
    assert len({call.id for call in world.persistence.calls(run_id)}) == 2


def test_a_stream_is_read_piece_by_piece(world: World) -> None:
    world.learn(workflow("reading", input=Number).pipe(read).build())
    world.provide(models=ScriptedModel("One two.", "Three."))
    run_id = world.create("reading", {"value": 1})

    world.finish(run_id)

    assert world.output(run_id, "read") == "One two./One two./Three."
    assert {call.kind for call in world.persistence.calls(run_id)} == {"stream", "text"}
