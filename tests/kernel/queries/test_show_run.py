"""A run as people want to see it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import StageContext, stage, workflow
from kernel.errors import NotFoundError
from kernel.model.change import CreateRun, CreateStage
from kernel.model.payload import Inline
from kernel.model.run import Closing, Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from kernel.procedures.cancel_run import CancelRun
from kernel.queries.show_run import show_run
from tests.support.builders import (
    NOON,
    a_failure,
    a_lease,
    a_presence,
    a_progress,
    a_result,
    a_run,
    a_stage,
    a_suspension,
    after,
    an_intake,
)
from tests.support.moves import begin
from tests.support.workflows import Number
from tests.support.world import World, memory_ports


def holding(run: Run, *stages: StageRecord) -> Ports:
    """Return ports with these records, whether an engine would have left them so or not."""
    ports = memory_ports()
    stored = [CreateStage(stage=stage) for stage in stages]
    ports.persistence.commit([CreateRun(run=run, intake=an_intake()), *stored])
    return ports


def running(**given: object) -> Run:
    return a_run(status=Status.RUNNING, cursor=1, started_at=NOON, due_at=NOON, **given)


@stage(queue="heavy")
def lift(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


lifting = workflow("lifting", input=Number).pipe(lift).build()


def test_a_run_that_has_not_begun_has_no_stages(world: World) -> None:
    run_id = world.create("three", {"value": 1}, tenant="acme", priority=9)

    view = show_run(world.ports, run_id)

    assert (view.status, view.group, view.stages) == (Status.PENDING, 0, ())
    assert (view.workflow_id, view.tenant, view.priority) == ("three", "acme", 9)
    assert not view.outputs


def test_stages_come_by_group_and_then_as_the_workflow_has_them(world: World) -> None:
    run_id = world.create("diamond", {"value": 1})
    world.drain()

    view = show_run(world.ports, run_id)

    assert [(stage.group, stage.id) for stage in view.stages] == [
        (1, "first"),
        (2, "left"),
        (2, "right"),
        (3, "join"),
    ]
    assert {stage.status for stage in view.stages} == {Status.COMPLETED}


def test_the_outputs_are_those_of_the_last_group(world: World) -> None:
    run_id = world.create("fan", {"value": 2})
    world.drain()

    view = show_run(world.ports, run_id)

    assert view.outputs == {
        "left": Inline(value={"value": 4}),
        "right": Inline(value={"value": 6}),
    }


def test_a_run_that_is_not_completed_has_no_outputs(world: World) -> None:
    run_id = world.create("waiting", {"value": 2})
    world.drain()

    view = show_run(world.ports, run_id)

    assert view.stages[0].output == Inline(value={"value": 3})
    assert view.outputs == {}


def test_stages_of_groups_to_come_are_left_out() -> None:
    here = a_stage(status=Status.RUNNING, lease=a_lease(), due_at=NOON)
    left_over = a_stage(id="later", group=2, status=Status.COMPLETED, solo=False)
    ports = holding(running(), here, left_over)

    view = show_run(ports, "run-1")

    assert [stage.id for stage in view.stages] == ["split"]


def test_what_a_stage_is_doing_is_shown_without_its_lease() -> None:
    stage = a_stage(
        status=Status.RUNNING,
        attempt=2,
        lease=a_lease(token="secret-7"),
        progress=a_progress(),
        error=a_failure(),
        started_at=after(1),
        due_at=NOON,
    )
    ports = holding(running(), stage)

    (shown,) = show_run(ports, "run-1").stages

    assert (shown.attempt, shown.max_attempts, shown.started_at) == (2, 3, after(1))
    assert (shown.progress, shown.error) == (a_progress(), a_failure())
    assert "secret-7" not in repr(shown)


def test_what_a_suspended_stage_waits_for_is_shown() -> None:
    stage = a_stage(
        status=Status.SUSPENDED, polls=4, suspension=a_suspension(lease=a_lease()), due_at=NOON
    )
    ports = holding(running(), stage)

    (shown,) = show_run(ports, "run-1").stages

    assert shown.wait is not None
    assert (shown.polls, shown.wait.next_poll_at) == (4, after(1))
    assert (shown.wait.deadline, shown.wait.callback) == (NOON + timedelta(days=1), False)
    assert "token" not in repr(shown)


@pytest.mark.parametrize(
    ("others", "waiting"),
    [
        ((), True),
        ((Status.SUSPENDED,), True),
        ((Status.COMPLETED,), True),
        ((Status.RUNNING,), False),
        ((Status.PENDING,), False),
    ],
)
def test_a_run_waits_when_all_that_is_left_of_its_group_does(
    others: tuple[Status, ...], *, waiting: bool
) -> None:
    suspended = a_stage(
        status=Status.SUSPENDED, suspension=a_suspension(), solo=False, due_at=NOON
    )
    siblings = [
        a_stage(id=f"other-{nth}", ordinal=1 + nth, status=status, solo=False, due_at=NOON)
        for nth, status in enumerate(others)
    ]
    ports = holding(running(), suspended, *siblings)

    view = show_run(ports, "run-1")

    assert view.waiting is waiting


def test_a_run_that_is_being_ended_does_not_wait() -> None:
    suspended = a_stage(status=Status.SUSPENDED, suspension=a_suspension(), due_at=NOON)
    ports = holding(running(closing=Closing(target=Status.CANCELLED)), suspended)

    view = show_run(ports, "run-1")

    assert (view.status, view.waiting, view.ending_as) == (
        Status.RUNNING,
        False,
        Status.CANCELLED,
    )


def test_a_skipped_last_stage_puts_out_nothing() -> None:
    over = a_run(status=Status.COMPLETED, cursor=1, started_at=NOON, completed_at=after(2))
    ports = holding(over, a_stage(status=Status.SKIPPED))

    view = show_run(ports, "run-1")

    assert view.outputs == {"split": None}


def test_what_a_stage_left_is_shown_whole() -> None:
    over = a_run(status=Status.COMPLETED, cursor=1, started_at=NOON, completed_at=after(2))
    ports = holding(over, a_stage(status=Status.COMPLETED, result=a_result(metrics={"words": 2})))

    (shown,) = show_run(ports, "run-1").stages

    assert shown.result == a_result(metrics={"words": 2})


def test_a_run_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="run-1"):
        show_run(world.ports, "run-1")


def test_a_stage_that_nobody_may_come_for_says_why() -> None:
    world = World(ports=memory_ports([lifting]))
    run_id = begin(world, "lifting")

    (before,) = show_run(world.ports, run_id).stages
    world.ports.persistence.note_presence(
        a_presence(fingerprints={"lifting": lifting.fingerprint}).renewed(at=world.now)
    )
    (after_,) = show_run(world.ports, run_id).stages

    assert before.status is Status.PENDING
    assert (before.unserved, after_.unserved) == ("Nobody serves the queue 'heavy'.", None)


def test_of_a_stage_that_is_over_it_is_not_said_that_nobody_comes() -> None:
    world = World(ports=memory_ports([lifting]))
    run_id = begin(world, "lifting")
    world.kernel.dispatch(CancelRun(run_id=run_id))

    (shown,) = show_run(world.ports, run_id).stages

    assert (shown.status, shown.unserved) == (Status.CANCELLED, None)


def test_a_run_is_shown_where_its_workflow_is_not_known() -> None:
    world = World(ports=memory_ports([lifting]))
    run_id = begin(world, "lifting")
    without = replace(world.ports, registry=MemoryRegistry([]))

    (shown,) = show_run(without, run_id).stages

    assert (shown.status, shown.unserved) == (Status.PENDING, None)
