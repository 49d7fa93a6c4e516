"""Cancel: when it returns, nothing of the run commits any more."""

from kernel.authoring import StageContext, stage, workflow
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from tests.support.workflows import Number
from tests.support.world import World


def test_a_waiting_run_is_cancelled(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    result = world.dispatch(CancelRun(run_id=run_id, reason="changed my mind"))

    world.drain()
    assert result.cancelled
    assert world.run(run_id).status is Status.CANCELLED
    assert world.stages(run_id) == {}


def test_a_stage_at_work_loses_its_right_to_settle(world: World) -> None:
    @stage
    def slow(ctx: StageContext[Number, None]) -> Number:
        world.dispatch(CancelRun(run_id=ctx.run_id))
        return ctx.input

    @stage
    def never(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    world.learn(workflow("slowly", input=Number).pipe(slow).pipe(never).build())
    run_id = world.create("slowly", {"value": 1})

    world.finish(run_id)

    stages = world.stages(run_id)
    assert world.run(run_id).status is Status.CANCELLED
    assert [*stages] == ["slow"]
    assert (stages["slow"].status, stages["slow"].result) == (Status.CANCELLED, None)


def test_a_body_that_asks_can_stop_by_itself(world: World) -> None:
    asked: list[bool] = []

    @stage
    def polite(ctx: StageContext[Number, None]) -> Number:
        world.dispatch(CancelRun(run_id=ctx.run_id))
        asked.append(ctx.cancelled())
        return ctx.input

    world.learn(workflow("politely", input=Number).pipe(polite).build())
    run_id = world.create("politely", {"value": 1})

    world.finish(run_id)

    assert asked == [True]


def test_the_last_that_the_world_hears_is_that_it_was_cancelled(world: World) -> None:
    run_id = world.create("diamond", {"value": 1})
    world.answer_one()
    world.answer_one()

    world.dispatch(CancelRun(run_id=run_id, reason="changed my mind"))

    world.finish(run_id)
    assert world.sink.types[-1] == "workflow:cancelled"
    assert world.sink.events[-1].detail["reason"] == "changed my mind"


def test_a_run_that_is_over_is_not_cancelled(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.drain()

    result = world.dispatch(CancelRun(run_id=run_id))

    assert (result.cancelled, result.status) == (False, Status.COMPLETED)
