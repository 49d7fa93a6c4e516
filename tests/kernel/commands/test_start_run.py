"""A pending run begins: its first group is made in the same commit, and rung for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel.authoring import StageContext, stage
from kernel.commands.close_run import CloseRun
from kernel.commands.start_run import StartRun
from kernel.errors import NotFoundError
from kernel.model.bell import BellKind
from kernel.model.materials import Materials
from kernel.model.policy import Policy
from kernel.model.run import Closing
from kernel.model.status import Status
from tests.support.builders import a_run
from tests.support.moves import A_MINUTE, alone
from tests.support.workflows import Number
from tests.support.world import World

COPY = Materials(input={"value": 1}, config={"first": {"amount": 1}})


def start(world: World, run_id: str, copy: Materials | None = COPY, **seen: Any) -> bool:
    run = replace(world.run(run_id), **seen)
    return world.dispatch(StartRun(seen=run, copy=copy)).started


def test_starting_a_run_makes_its_first_group_in_one_commit(world: World) -> None:
    run_id = world.create("fan", {"value": 1})

    started = start(world, run_id)

    run, stages = world.run(run_id), world.stages(run_id)
    assert started
    assert (run.status, run.cursor, run.started_at) == (Status.RUNNING, 1, world.now)
    assert [*stages] == ["left", "right"]
    assert {stage.status for stage in stages.values()} == {Status.PENDING}
    assert {(stage.attempt, stage.generation) for stage in stages.values()} == {(0, 0)}
    assert len(world.persistence.commits) == 3  # Its creation, this, and that its events are out.


def test_each_stage_of_the_first_group_is_rung_for(world: World) -> None:
    run_id = world.create("fan", {"value": 1}, priority=9, tenant="acme")

    start(world, run_id)

    bells = [sent.bell for sent in world.transport.sent[1:]]
    assert [(bell.kind, bell.stage_id) for bell in bells] == [
        (BellKind.EXECUTE, "left"),
        (BellKind.EXECUTE, "right"),
    ]
    assert {(bell.attempt, bell.urgent, bell.tenant) for bell in bells} == {(1, True, "acme")}


def test_a_small_input_goes_along_with_the_bell(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    start(world, run_id)

    assert world.transport.last.bell.payload == {
        "input": {"value": 1},
        "config": {"first": {"amount": 1}},
    }
    assert world.stages(run_id)["first"].digest == COPY.digest


def test_an_input_too_large_for_a_bell_stays_behind(world: World) -> None:
    world.policy = Policy(bell_limit=10)
    run_id = world.create("three", {"value": 1})

    start(world, run_id)

    assert world.transport.last.bell.payload is None
    assert world.stages(run_id)["first"].digest is None


def test_a_stage_with_a_queue_of_its_own_is_rung_there(world: World) -> None:
    @stage(id="only", queue="heavy")
    def only(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    world.learn(alone(only))
    run_id = world.create("alone", {"value": 1})

    start(world, run_id)

    assert world.transport.last.bell.queue == "heavy"


def test_the_world_hears_that_a_run_was_created_and_started(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    start(world, run_id)

    assert world.sink.types == ("workflow:created", "workflow:started")
    assert world.run(run_id).outbox == ()


def test_a_run_starts_once(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    pending = world.run(run_id)
    start(world, run_id)

    again = world.dispatch(StartRun(seen=pending, copy=COPY))

    assert not again.started
    assert world.run(run_id).cursor == 1


def test_of_two_who_start_a_run_at_once_one_does(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.persistence.meanwhile(lambda: start(world, run_id))

    started = start(world, run_id)

    assert not started
    assert len(world.transport.sent) == 2


def test_a_run_that_is_being_closed_does_not_start(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    closing = Closing(target=Status.CANCELLED)
    world.persistence.meanwhile(lambda: world.dispatch(CloseRun(run_id=run_id, closing=closing)))

    started = start(world, run_id)

    assert not started
    assert world.stages(run_id) == {}


def test_a_run_for_later_does_not_start_before(world: World) -> None:
    run_id = world.create("three", {"value": 1}, start_at=world.now + A_MINUTE)

    early = start(world, run_id)
    world.pass_time(A_MINUTE)
    late = start(world, run_id)

    assert (early, late) == (False, True)


def test_a_run_of_an_unknown_workflow_is_left_alone(world: World) -> None:
    run = a_run(workflow_id="unheard-of", due_at=world.now + timedelta(minutes=1))

    with pytest.raises(NotFoundError, match="unheard-of"):
        world.dispatch(StartRun(seen=run))

    assert world.persistence.commits == []
