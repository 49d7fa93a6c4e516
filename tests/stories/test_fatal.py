"""Fatal: what would fail in the same way however often it is tried."""

from kernel.authoring import Fatal, StageContext, stage, workflow
from kernel.model.status import Status
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World


def test_a_stage_that_says_fatal_ends_its_run_at_once(world: World) -> None:
    answers = Turns[Number](Fatal("The document is encrypted."))

    @stage
    def read(ctx: StageContext[Number, None]) -> Number:
        return answers.take()

    @stage
    def never(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    world.learn(workflow("reading", input=Number).pipe(read).pipe(never).build())
    run_id = world.create("reading", {"value": 1})

    world.drain()

    run = world.run(run_id)
    assert run.status is Status.FAILED
    assert run.error is not None
    assert (run.error.code, run.error.stage_id) == ("FATAL", "read")
    assert answers.taken == 1
    assert [*world.stages(run_id)] == ["read"]


def test_the_world_hears_of_the_stage_first_and_of_the_run_last(world: World) -> None:
    answers = Turns[Number](Fatal("The document is encrypted."))

    @stage
    def read(ctx: StageContext[Number, None]) -> Number:
        return answers.take()

    world.learn(workflow("reading", input=Number).pipe(read).build())
    world.create("reading", {"value": 1})

    world.drain()

    assert world.sink.types[-2:] == ("stage:failed", "workflow:failed")
