"""Earlier outputs: any stage reaches what came before it, by stage or by id."""

from pydantic import BaseModel

from kernel.authoring import StageContext, stage, workflow
from tests.support.workflows import Number
from tests.support.world import World


class Line(BaseModel):
    line: str


@stage
def one(ctx: StageContext[Number, None]) -> Number:
    return Number(value=1)


@stage
def two(ctx: StageContext[Number, None]) -> Number:
    return Number(value=2)


@stage(when=lambda _: False)
def skipped(ctx: StageContext[Number, None]) -> Number:
    return Number(value=3)


@stage
def tell(ctx: StageContext[None, None]) -> Line:
    found = [ctx.require(one).value, ctx.require("two").value]
    known = ", ".join(ctx.workflow_context)
    return Line(line=f"{found}, {ctx.optional(skipped)}, {known}")


telling = workflow("telling", input=Number).pipe(one).parallel(two, skipped).pipe(tell).build()


def test_a_stage_reaches_every_output_before_it(world: World) -> None:
    world.learn(telling)
    run_id = world.create("telling", {"value": 0})

    world.finish(run_id)

    assert world.output(run_id, "tell") == {"line": "[1, 2], None, one, two"}


def test_what_is_required_and_not_there_is_named(world: World) -> None:
    @stage
    def demand(ctx: StageContext[None, None]) -> Line:
        return Line(line=str(ctx.require(skipped)))

    built = workflow("demanding", input=Number).pipe(one).parallel(two, skipped).pipe(demand)
    world.learn(built.build())
    run_id = world.create("demanding", {"value": 0})

    run = world.finish(run_id)

    assert run.error is not None
    assert run.error.message == (
        "Stage 'demand' requires the output of 'skipped', which has none."
        " Stages before it with an output: one, two."
    )
