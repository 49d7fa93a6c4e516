"""Skip: `when=` decides, run by run, whether a stage is wanted."""

from pydantic import BaseModel

from kernel.authoring import StageContext, stage, workflow
from kernel.model.status import Status
from tests.support.workflows import Number
from tests.support.world import World


class Line(BaseModel):
    line: str


@stage
def measure(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


@stage(when=lambda ctx: ctx.input.value > 10)
def shrink(ctx: StageContext[Number, None]) -> Number:
    return Number(value=10)


@stage
def tell(ctx: StageContext[Number | None, None]) -> Line:
    shrunk, measured = ctx.input, ctx.require(measure)
    return Line(line=f"{measured.value} became {shrunk.value if shrunk else measured.value}")


shrinking = workflow("shrinking", input=Number).pipe(measure).pipe(shrink).pipe(tell).build()


def test_a_stage_that_is_wanted_runs(world: World) -> None:
    world.learn(shrinking)
    run_id = world.create("shrinking", {"value": 99})

    world.drain()

    assert world.output(run_id, "tell") == {"line": "99 became 10"}


def test_a_stage_that_is_not_wanted_is_skipped_and_has_no_output(world: World) -> None:
    world.learn(shrinking)
    run_id = world.create("shrinking", {"value": 3})

    world.drain()

    skipped = world.stages(run_id)["shrink"]
    assert (skipped.status, skipped.result) == (Status.SKIPPED, None)
    assert world.output(run_id, "tell") == {"line": "3 became 3"}
    assert world.run(run_id).status is Status.COMPLETED


def test_one_of_several_may_be_skipped(world: World) -> None:
    @stage(when=lambda _: False)
    def unwanted(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    world.learn(workflow("some", input=Number).parallel(measure, unwanted).build())
    run_id = world.create("some", {"value": 3})

    world.drain()

    statuses = {id_: one.status for id_, one in world.stages(run_id).items()}
    assert statuses == {"measure": Status.COMPLETED, "unwanted": Status.SKIPPED}
    assert world.run(run_id).status is Status.COMPLETED
