"""A run that stopped moving is pushed; only what nothing can move is failed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import workflow
from kernel.errors import NotFoundError
from kernel.model.status import Status
from kernel.procedures.reap_stuck import ReapStuck, ReapStuckResult
from kernel.procedures.rerun_from import RerunFrom
from tests.support.builders import update_stage
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    alter,
    begin,
    claimed,
    settled,
    success,
)
from tests.support.workflows import Number, first, left, right, second
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
AN_HOUR = timedelta(hours=1)
TWO = success({"value": 2})


def reap_stuck(world: World, *run_ids: str) -> ReapStuckResult:
    return world.dispatch(ReapStuck(run_ids=run_ids or None))


def test_a_stage_between_two_distant_polls_is_not_stuck(world: World) -> None:
    run_id = begin(world, "waiting")
    world.drain()
    world.pass_time(timedelta(seconds=30))

    result = reap_stuck(world, run_id)

    assert result == ReapStuckResult()
    world.finish(run_id)


def test_a_long_body_under_a_live_lease_is_not_stuck(world: World) -> None:
    run_id = begin(world, "three")
    claimed(world, run_id, "first")
    world.pass_time(A_LEASE - A_MINUTE)

    result = reap_stuck(world, run_id)

    assert result == ReapStuckResult()
    assert world.stages(run_id)["first"].status is Status.RUNNING


def test_a_backlog_is_rung_for_again_and_not_failed(world: World) -> None:
    world.transport.deaf = True
    run_id = begin(world, "three")
    world.transport.deaf = False
    world.pass_time(AN_HOUR)

    result = reap_stuck(world, run_id)

    assert result == ReapStuckResult(repaired=(run_id,))
    assert world.run(run_id).status is Status.RUNNING
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_transition_that_nobody_made_is_made(world: World) -> None:
    run_id = begin(world, "fan")
    for stage_id in ("left", "right"):
        settled(world, run_id, stage_id, TWO)
        stage = world.stages(run_id)[stage_id]
        world.persistence.commit([update_stage(stage, unadvanced=False, due_at=None)])

    result = reap_stuck(world, run_id)

    assert result == ReapStuckResult(repaired=(run_id,))
    assert world.run(run_id).status is Status.COMPLETED


def test_a_dead_worker_is_given_up(world: World) -> None:
    run_id = begin(world, "fan")
    claimed(world, run_id, "left")
    world.pass_time(2 * A_LEASE)

    result = reap_stuck(world, run_id)

    assert result == ReapStuckResult(repaired=(run_id,))
    assert world.finish(run_id).status is Status.COMPLETED


def test_a_run_that_nothing_can_move_is_failed_and_can_be_rerun(world: World) -> None:
    run_id = begin(world, "fan")
    alter(world, run_id, cursor=7)

    result = reap_stuck(world, run_id)

    run = world.run(run_id)
    assert result == ReapStuckResult(reaped=(run_id,))
    assert (run.status, run.error and run.error.code) == (Status.FAILED, "STUCK")
    world.dispatch(RerunFrom(run_id=run_id, stage_id="left"))
    assert world.finish(run_id).status is Status.COMPLETED


def test_the_tick_finds_it_where_it_is_due(world: World) -> None:
    run_id = begin(world, "fan")
    alter(world, run_id, cursor=7, due_at=world.now)

    result = world.tick()

    assert result.stuck_reaped == 1
    assert world.run(run_id).status is Status.FAILED


def test_two_who_reap_at_once_fail_it_once(world: World) -> None:
    run_id = begin(world, "fan")
    alter(world, run_id, cursor=7)
    world.persistence.meanwhile(lambda: reap_stuck(world, run_id))

    reap_stuck(world, run_id)

    failed = [event for event in world.sink.events if event.type == "workflow:failed"]
    assert len({event.id for event in failed}) == 1


def test_a_run_that_moves_in_the_meantime_is_left_alone(world: World) -> None:
    run_id = begin(world, "fan")
    alter(world, run_id, cursor=7)
    world.persistence.meanwhile(lambda: alter(world, run_id, cursor=1))

    result = reap_stuck(world, run_id)

    assert result.reaped == ()
    assert world.run(run_id).status is Status.RUNNING
    world.finish(run_id)


def test_one_that_is_not_there_holds_up_no_other(world: World) -> None:
    run_id = begin(world, "fan")
    claimed(world, run_id, "left")
    world.pass_time(2 * A_LEASE)

    result = reap_stuck(world, "nobody", run_id)

    assert result.repaired == (run_id,)
    assert result.failed == {"nobody": "No run has the id 'nobody'."}
    with pytest.raises(NotFoundError):
        world.run("nobody")


def test_without_a_name_what_is_due_is_looked_at(world: World) -> None:
    run_id = begin(world, "fan")
    claimed(world, run_id, "left")
    begin(world, "three")
    world.pass_time(2 * A_LEASE)

    result = reap_stuck(world)

    assert run_id in result.repaired


def test_a_process_whose_definition_does_not_fit_moves_nothing(world: World) -> None:
    run_id = begin(world, "diamond")
    for stage_id in ("first", "left", "right"):
        settled(world, run_id, stage_id, TWO)
    moved = workflow("diamond", input=Number).pipe(first).pipe(second).parallel(left, right)
    registry = MemoryRegistry([moved.build()])
    other = World(ports=replace(world.ports, registry=registry))

    result = reap_stuck(other, run_id)

    assert (result.repaired, [*result.failed]) == ((), [run_id])
    assert world.run(run_id).cursor == 2
    assert world.finish(run_id).status is Status.COMPLETED
