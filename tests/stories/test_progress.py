"""Progress: how far a long body is, for whoever watches."""

from kernel.authoring import StageContext, stage, workflow
from kernel.model.stage import Progress
from tests.support.workflows import Number
from tests.support.world import World


def test_a_long_body_says_how_far_it_is(world: World) -> None:
    seen: list[Progress | None] = []

    @stage
    def copy(ctx: StageContext[Number, None]) -> Number:
        ctx.progress(0.25, "page 1 of 4")
        seen.append(world.stages(ctx.run_id)["copy"].progress)
        world.pass_time(world.policy.progress_every)
        ctx.progress(0.5, "page 2 of 4")
        seen.append(world.stages(ctx.run_id)["copy"].progress)
        return ctx.input

    world.learn(workflow("copying", input=Number).pipe(copy).build())
    run_id = world.create("copying", {"value": 1})

    world.finish(run_id)

    told = [(one.fraction, one.message) for one in seen if one is not None]
    assert told == [(0.25, "page 1 of 4"), (0.5, "page 2 of 4")]


def test_saying_it_too_often_costs_nothing(world: World) -> None:
    @stage
    def copy(ctx: StageContext[Number, None]) -> Number:
        for step in range(1_000):
            ctx.progress(step / 1_000)
        return ctx.input

    world.learn(workflow("copying", input=Number).pipe(copy).build())
    run_id = world.create("copying", {"value": 1})
    before = len(world.persistence.commits)

    world.drain()

    progresses = [
        change
        for commit in world.persistence.commits[before:]
        for change in commit
        if getattr(change, "writes", None) == {"progress"}
    ]
    assert len(progresses) == 1
    assert world.stages(run_id)["copy"].attempt == 1
