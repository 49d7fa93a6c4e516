"""Violations 6, 13, 14, 17 and 18: a rerun begins only from what is over, and forgets nothing."""

import pytest

from kernel.authoring import Fatal, StageContext, stage, workflow
from kernel.commands.rerun_run import RerunRun
from kernel.errors import ConflictError, GoneError, IllegalTransitionError
from kernel.model.status import Status
from tests.promises.scenes import at_commit, cancel, close, quiet, rerun
from tests.support.calling import Asked, asked
from tests.support.moves import A_MINUTE, begin
from tests.support.workflows import Number, right
from tests.support.world import World


@stage
def left(ctx: StageContext[Number, None]) -> Number:
    message = f"no luck with {ctx.input.value}"
    raise Fatal(message)


unlucky = workflow("unlucky", input=Number).parallel(left, right).build()


def test_v06_a_run_that_is_only_half_cancelled_is_not_rerun(world: World) -> None:
    run_id = begin(world, "fan")
    close(world, run_id)

    with pytest.raises(IllegalTransitionError, match="cancel it first, or wait"):
        rerun(world, run_id, "left")

    assert world.run(run_id).generation == 0
    cancel(world, run_id)


def test_v06_a_run_whose_cancel_the_tick_has_finished_is_rerun(world: World) -> None:
    run_id = begin(world, "fan")
    close(world, run_id)
    world.pass_time(2 * A_MINUTE)
    world.tick()

    rerun(world, run_id, "left")

    assert world.finish(run_id).status is Status.COMPLETED
    assert world.run(run_id).generation == 1


@pytest.mark.parametrize(("workflow_id", "stage_id"), [("failing", "fails"), ("unlucky", "left")])
def test_v13_what_a_replaced_stage_had_to_say_is_said_all_the_same(
    world: World, workflow_id: str, stage_id: str
) -> None:
    world.learn(unlucky)
    run_id = quiet(world, workflow_id)
    world.drain()
    world.pass_time(A_MINUTE)
    world.drain()
    failed = world.run(run_id).status

    rerun(world, run_id, stage_id)
    world.sink.down = False
    world.finish(run_id)

    told = [
        event.generation
        for event in world.sink.events
        if event.type == "stage:failed" and not event.detail["will_retry"]
    ]
    assert failed is Status.FAILED
    assert told == [0, 1]


def test_v14_stages_are_stamped_with_the_generation_of_their_run(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    rerun(world, run_id, "third")
    world.finish(run_id)

    rerun(world, run_id, "second")
    run = world.finish(run_id)

    generations = {id_: stage.generation for id_, stage in world.stages(run_id).items()}
    assert (run.status, run.generation) == (Status.COMPLETED, 2)
    assert generations == {"first": 0, "second": 2, "third": 2}


def ask_again(run: Asked) -> None:
    """Cancel the run and rerun it, as far as its stage has given out another link."""
    cancel(run.world, run.run_id)
    rerun(run.world, run.run_id, "ask")
    run.world.drain()


@pytest.mark.parametrize("aside", [False, True])
def test_v17_a_callback_token_of_an_older_generation_resumes_nothing(
    world: World, *, aside: bool
) -> None:
    run = asked(world, aside=aside)
    old = run.token
    ask_again(run)

    with pytest.raises(GoneError):
        run.answer({"value": 7}, token=old)

    assert (run.stage.status, run.stage.generation) == (Status.SUSPENDED, 1)
    run.answer({"value": 8})
    assert world.finish(run.run_id).status is Status.COMPLETED
    assert world.output(run.run_id, "ask") == {"value": 8}


@pytest.mark.parametrize("aside", [False, True])
def test_v17_an_answer_that_a_rerun_overtakes_settles_nothing_of_the_next_generation(
    world: World, *, aside: bool
) -> None:
    run = asked(world, aside=aside)
    at_commit(world, 1, lambda: ask_again(run))

    with pytest.raises(GoneError):
        run.answer({"value": 7})

    assert (run.stage.status, run.stage.generation) == (Status.SUSPENDED, 1)
    assert run.stage.result is None
    cancel(world, run.run_id)


def test_v18_of_two_reruns_that_read_the_same_one_is_made(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    seen = world.persistence.snapshot(run_id)
    at_commit(world, 1, lambda: rerun(world, run_id, "second"))

    with pytest.raises((ConflictError, IllegalTransitionError)):
        world.dispatch(RerunRun(seen=seen, stage_id="third"))

    assert (world.run(run_id).generation, world.run(run_id).cursor) == (1, 2)
    world.finish(run_id)


def test_v18_a_rerun_that_was_overtaken_by_a_whole_generation_is_made_of_what_that_one_left(
    world: World,
) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    at_commit(world, 2, lambda: (rerun(world, run_id, "third"), world.finish(run_id)))

    made = rerun(world, run_id, "second")

    past = {(stage.id, stage.generation) for stage in world.persistence.past(run_id)}
    assert (made.generation, world.run(run_id).generation, world.run(run_id).cursor) == (2, 2, 2)
    assert past == {("second", 0), ("third", 0), ("third", 1)}
    assert world.finish(run_id).status is Status.COMPLETED
