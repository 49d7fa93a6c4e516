"""A retry: what fails by bad luck is tried again, later and later."""

from datetime import timedelta

from kernel.authoring import Retry, RetryAfter, StageContext, stage, workflow
from kernel.model.status import Status
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World

A_SECOND = timedelta(seconds=1)


def test_a_stage_that_fails_is_tried_again_until_it_succeeds(world: World) -> None:
    answers = Turns[Number](ConnectionError("reset"), ConnectionError("reset"), Number(value=7))

    @stage
    def fetch(ctx: StageContext[Number, None]) -> Number:
        return answers.take()

    world.learn(workflow("fetching", input=Number).pipe(fetch).build())
    run_id = world.create("fetching", {"value": 1})

    run = world.finish(run_id, every=A_SECOND)

    assert run.status is Status.COMPLETED
    assert world.stages(run_id)["fetch"].attempt == 3
    assert world.output(run_id, "fetch") == {"value": 7}


def test_a_stage_is_given_up_when_its_attempts_are_used_up(world: World) -> None:
    answers = Turns[Number](ConnectionError("reset by peer"))

    @stage(retry=Retry(max_attempts=4))
    def fetch(ctx: StageContext[Number, None]) -> Number:
        return answers.take()

    world.learn(workflow("fetching", input=Number).pipe(fetch).build())
    run_id = world.create("fetching", {"value": 1})

    run = world.finish(run_id, every=A_SECOND)

    assert run.error is not None
    assert (run.status, run.error.message) == (Status.FAILED, "ConnectionError: reset by peer")
    assert answers.taken == 4


def test_a_stage_may_say_how_long_to_wait(world: World) -> None:
    answers = Turns[Number](RetryAfter(timedelta(minutes=10)), Number(value=7))

    @stage
    def fetch(ctx: StageContext[Number, None]) -> Number:
        return answers.take()

    world.learn(workflow("fetching", input=Number).pipe(fetch).build())
    run_id = world.create("fetching", {"value": 1})
    world.drain()
    world.pass_time(timedelta(minutes=9, seconds=59))
    world.drain()
    early = answers.taken
    world.pass_time(A_SECOND)

    world.drain()

    assert (early, answers.taken) == (1, 2)
    assert world.run(run_id).status is Status.COMPLETED
