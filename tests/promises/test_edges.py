"""Edge cases that the reference engine's tests name and no other test here does."""

from functools import reduce
from typing import Any

import pytest

from kernel.authoring import Completed, Retry, Stage, StageContext, Workflow, stage, workflow
from kernel.commands.annotate_run import AnnotateRun
from kernel.errors import IllegalTransitionError, InvalidInputError
from kernel.model.json import Json
from kernel.model.status import Status
from kernel.procedures.execute_job import JobOutcome
from tests.promises.scenes import TWO, cancel, rerun, statuses
from tests.support.moves import begin, begin_alone, claimed, execute, settle
from tests.support.polling import NINE, suspend
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World


def test_e06_a_rerun_executes_no_earlier_stage_and_hears_their_outputs(world: World) -> None:
    run_id = begin(world, "diamond")
    world.finish(run_id)
    first = world.stages(run_id)["first"]
    answered = len(world.answered)

    rerun(world, run_id, "join")
    world.finish(run_id)

    assert [bell.stage_id for bell in world.answered[answered:]] == ["join"]
    assert world.stages(run_id)["first"] == first
    assert world.output(run_id, "join") == {"value": 12}


def test_e06_a_run_that_is_made_anew_says_nothing_of_how_it_ended_before(world: World) -> None:
    run_id = begin(world, "failing")
    world.finish(run_id)

    rerun(world, run_id, "first")

    run = world.run(run_id)
    assert (run.status, run.error, run.completed_at) == (Status.RUNNING, None, None)
    assert statuses(world, run_id)["first"] is Status.PENDING
    world.finish(run_id)


def test_e06_a_cancelled_run_that_never_started_is_rerun_from_its_first_stage(
    world: World,
) -> None:
    run_id = world.create("three", {"value": 1})
    cancel(world, run_id)

    rerun(world, run_id, "first")

    assert world.finish(run_id).status is Status.COMPLETED


def test_e06_a_cancelled_run_that_never_started_is_not_rerun_from_a_later_stage(
    world: World,
) -> None:
    run_id = world.create("three", {"value": 1})
    cancel(world, run_id)

    with pytest.raises(IllegalTransitionError, match="earlier"):
        rerun(world, run_id, "second")

    assert world.run(run_id).status is Status.CANCELLED


def test_e05_a_cancel_that_comes_while_a_check_runs_discards_what_it_finds(world: World) -> None:
    run_id = suspend(world, NINE)
    world.persistence.meanwhile(lambda: None, lambda: cancel(world, run_id))

    world.drain()

    assert world.run(run_id).status is Status.CANCELLED
    assert world.stages(run_id)["only"].result is None


def test_e05_what_a_body_pins_while_its_run_is_cancelled_is_dropped(world: World) -> None:
    @stage(id="only")
    def noting(ctx: StageContext[Number, None]) -> Number:
        ctx.annotate("seen", ctx.input.value)
        cancel(world, ctx.run_id)
        return ctx.input

    run_id = begin_alone(world, noting)

    outcome = execute(world, run_id, "only").outcome

    assert outcome is JobOutcome.DISCARDED
    assert world.persistence.annotations(run_id) == []


def test_e03_what_a_failed_attempt_left_is_not_the_output_of_the_next(world: World) -> None:
    turns = Turns[str](ValueError("lost"), "kept")

    @stage(id="only", retry=Retry(max_attempts=2))
    def leaving(ctx: StageContext[Number, None]) -> Completed[Number]:
        ctx.storage.save("note", "so far")
        return Completed(Number(value=1), artifacts={"note.txt": turns.take()})

    run_id = begin_alone(world, leaving)
    world.finish(run_id)

    result = world.stages(run_id)["only"].result
    assert result is not None
    assert [artifact.key for artifact in result.artifacts] == [
        f"runs/{run_id}/only/0-2/artifacts/note.txt"
    ]


def test_e03_a_config_that_does_not_fit_is_refused_before_a_run_is_made(world: World) -> None:
    with pytest.raises(InvalidInputError, match="amount"):
        world.create("three", {"value": 1}, config={"first": {"amount": "many"}})

    assert world.persistence.commits == []


def test_e10_a_fact_is_attached_to_a_run_from_outside(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    attach(world, run_id, "n1", {"approved": False, "comment": None})

    settled = settle(world, held, TWO)
    world.finish(run_id)
    attach(world, run_id, "n2", {"paid": 7})

    rows = world.persistence.annotations(run_id)
    assert settled is not None
    assert [(row.key, row.value, row.actor) for row in rows] == [
        ("approved", False, "ada"),
        ("paid", 7, "ada"),
    ]


def test_e10_facts_without_a_key_are_facts_of_their_own(world: World) -> None:
    run_id = begin(world, "three")

    for id_ in ("n1", "n2"):
        attach(world, run_id, id_, {"approved": True})

    assert len(world.persistence.annotations(run_id)) == 2
    world.finish(run_id)


def attach(world: World, run_id: str, id_: str, facts: dict[str, Json]) -> None:
    command = AnnotateRun(run_id=run_id, id=id_, attributes=facts, actor="ada")
    world.dispatch(command)


def test_e12_the_last_of_seven_stages_reaches_the_first(world: World) -> None:
    @stage
    def last(ctx: StageContext[Number, None]) -> Number:
        return Number(value=ctx.input.value * 100 + ctx.require("s0").value)

    world.learn(seven(last))
    run_id = world.create("seven", {"value": 1})

    world.finish(run_id)

    assert world.output(run_id, "last") == {"value": 702}


def seven(last: Stage[Number, Number]) -> Workflow:
    """Return six stages that count, and *last*."""
    flow = workflow("seven", input=Number)
    counting: Any = reduce(lambda built, nth: built.pipe(adding(nth)), range(6), flow)
    built: Workflow = counting.pipe(last).build()
    return built


def adding(nth: int) -> Stage[Number, Number]:
    @stage(id=f"s{nth}")
    def adds(ctx: StageContext[Number, None]) -> Number:
        return Number(value=ctx.input.value + 1)

    return adds
