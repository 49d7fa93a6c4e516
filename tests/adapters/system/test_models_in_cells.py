"""A stage in a process of its own asks models like any other; those of its workflow are there."""

from datetime import timedelta
from functools import partial

from adapters.memory import ScriptedModel
from adapters.system.clock import SystemClock
from adapters.system.sandbox import ProcessSandbox
from kernel.authoring import ModelRequest, PrivateModel, StageContext, Workflow, stage, workflow
from kernel.procedures.execute_job import JobOutcome
from tests.adapters.system.lone_bodies import run
from tests.support.workflows import Number
from tests.support.world import World, memory_ports

apart = partial(stage, isolate=True, timeout=timedelta(seconds=60))


def three(request: ModelRequest) -> str:
    return '{"value": 3}'


@apart(id="awaits")
async def awaits(ctx: StageContext[Number, None]) -> Number:
    own = await ctx.ai.aio.generate_object("How many?", schema=Number, model="own:three")
    other = await ctx.ai.aio.generate_object("And?", schema=Number, model="scripted:one")
    return Number(value=own.value.value + other.value.value)


@apart(id="listens")
def listens(ctx: StageContext[Number, None]) -> str:
    return "".join(ctx.ai.stream_text("Say something.", model="scripted:one"))


def load() -> list[Workflow]:
    model = PrivateModel(name="own:three", answer=three)
    return [
        workflow(each.id, input=Number).register_models(model).pipe(each).build()
        for each in (awaits, listens)
    ]


def apart_with(model: ScriptedModel) -> World:
    sandbox = ProcessSandbox(load, package="tests.support.workflows")
    clock = SystemClock()
    return World(ports=memory_ports(load(), clock=clock, sandbox=sandbox, models=model))


def test_its_own_models_answer_over_there_and_all_others_over_here() -> None:
    model = ScriptedModel('{"value": 4}')
    world = apart_with(model)

    run_id, result = run(world, "awaits")

    assert result.outcome is JobOutcome.COMPLETED
    assert world.output(run_id, "awaits") == {"value": 7}
    assert [request.model for request in model.asked] == ["scripted:one"]
    assert len(list(world.persistence.calls(run_id))) == 2


def test_a_stream_comes_over_whole() -> None:
    world = apart_with(ScriptedModel("One two three."))

    run_id, result = run(world, "listens")

    assert result.outcome is JobOutcome.COMPLETED
    assert world.output(run_id, "listens") == "One two three."
