"""A round of chores: each record by itself, within its time, and nothing lost stays lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import MemoryRegistry
from kernel.authoring import Workflow
from kernel.errors import UnavailableError
from kernel.model.status import Status
from kernel.procedures.move import Chore
from kernel.procedures.tick import Tick, TickResult
from tests.support.moves import (
    A_LEASE,
    A_MINUTE,
    A_SECOND,
    begin,
    claimed,
    settled,
    success,
    suspending,
)
from tests.support.workflows import ALL, three
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
TWO = success({"value": 2})


def test_where_nothing_is_due_nothing_is_done(world: World) -> None:
    begin(world, "three")

    result = world.tick()

    assert result == TickResult()


@pytest.mark.parametrize("ports", ["transport", "sink", "scheduler", "blobs"])
def test_a_port_that_is_down_stops_no_other_chore(world: World, ports: str) -> None:
    poisoned = world.create("three", {"value": 1}, start_at=world.now + timedelta(days=1))
    dead = begin(world, "fan")
    claimed(world, dead, "left")
    world.pass_time(timedelta(days=2))
    port = getattr(world, ports)
    port.down = True

    result = world.tick()

    port.down = False
    assert result.stale_released == 1
    assert result.claimed == 1
    assert world.run(poisoned).status is Status.RUNNING


def test_a_sink_that_is_down_stops_no_other_chore(world: World) -> None:
    world.sink.down = True
    begin(world, "three")
    world.transport.deaf = True
    forgotten = world.create("three", {"value": 1})
    world.pass_time(2 * A_MINUTE)

    world.tick()

    assert world.run(forgotten).status is Status.RUNNING
    world.sink.down = world.transport.deaf = False


def test_a_poisoned_record_is_put_off_and_holds_up_no_other(world: World) -> None:
    world.transport.deaf = True
    poisoned, healthy = (world.create(id_, {"value": 1}) for id_ in ("fan", "three"))
    world.pass_time(A_MINUTE)

    result = poisoned_by(world, "fan").tick()

    assert (result.claimed, result.failed) == (1, 1)
    assert world.run(healthy).status is Status.RUNNING
    assert world.run(poisoned).due_at == world.now + A_MINUTE
    assert f"A due record of run '{poisoned}' could not be moved." in world.logbook.messages


def test_a_poisoned_stage_is_put_off_and_holds_up_no_other(world: World) -> None:
    run_id = begin(world, "fan")
    healthy = begin(world, "three")
    world.transport.deaf = True
    world.pass_time(2 * A_MINUTE)

    result = poisoned_by(world, "fan").tick()

    assert result.failed == 2
    assert result.rung > 0
    assert world.stages(run_id)["left"].due_at == world.now + 2 * A_MINUTE
    assert world.run(healthy).status is Status.RUNNING


def test_a_run_of_an_unknown_workflow_is_left_alone(world: World) -> None:
    run_id = world.create("fan", {"value": 1})
    forgetful = World(ports=replace(world.ports, registry=MemoryRegistry([three])))
    world.pass_time(A_MINUTE)

    forgetful.tick()

    assert world.run(run_id).status is Status.PENDING
    assert world.finish(run_id).status is Status.COMPLETED


def test_what_cannot_be_put_off_either_stays_due(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)
    due_at = world.run(run_id).due_at
    world.persistence.meanwhile(explode)

    result = poisoned_by(world, "three").tick()

    assert result.failed == 1
    assert world.run(run_id).due_at == due_at
    assert f"A due record of run '{run_id}' cannot be put off." in world.logbook.messages


class PoisonedRegistry(MemoryRegistry):
    """Breaks when it is asked for a certain workflow."""

    poison = ""

    def workflow(self, workflow_id: str) -> Workflow:
        if workflow_id == self.poison:
            explode()
        return super().workflow(workflow_id)


def poisoned_by(world: World, workflow_id: str) -> World:
    """Return the same world, seen by a process that cannot bear *workflow_id*."""
    registry = PoisonedRegistry(ALL)
    registry.poison = workflow_id
    return World(ports=replace(world.ports, registry=registry))


def explode() -> None:
    message = "A bug."
    raise RuntimeError(message)


def test_a_store_that_is_out_of_reach_ends_the_round(world: World) -> None:
    world.transport.deaf = True
    run_id = world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)
    world.persistence.refuse(UnavailableError("The store is away."), times=2)

    with pytest.raises(UnavailableError, match="away"):
        world.tick()

    assert world.run(run_id).status is Status.PENDING


def test_a_round_ends_when_its_time_is_over(world: World) -> None:
    world.transport.deaf = True
    _ = [world.create("three", {"value": 1}) for _ in range(3)]
    world.pass_time(A_MINUTE)

    result = world.dispatch(Tick(until=world.now))

    assert result == TickResult(left=3)


def test_a_round_looks_at_so_many_records_the_most_overdue_first(world: World) -> None:
    world.transport.deaf = True
    old = world.create("three", {"value": 1})
    world.pass_time(A_SECOND)
    young = world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)

    result = world.dispatch(Tick(limit=1))

    statuses = (world.run(old).status, world.run(young).status)
    assert result.claimed == 1
    assert statuses == (Status.RUNNING, Status.PENDING)


def test_a_cap_bounds_one_chore_and_no_other(world: World) -> None:
    begin(world, "three")
    world.transport.deaf = True
    _ = [world.create("three", {"value": 1}) for _ in range(3)]
    world.pass_time(A_MINUTE)

    result = world.dispatch(Tick(caps={Chore.START: 2}))

    assert result.claimed == 2
    assert result.rung > 0


def test_what_a_cap_left_undone_is_done_by_the_next_round(world: World) -> None:
    world.transport.deaf = True
    runs = [world.create("three", {"value": 1}) for _ in range(3)]
    world.pass_time(A_MINUTE)
    world.dispatch(Tick(caps={Chore.START: 2}))

    world.tick()

    assert {world.run(run_id).status for run_id in runs} == {Status.RUNNING}


@pytest.mark.parametrize("chore", [Chore.REAP, Chore.POLL, Chore.PUBLISH])
def test_a_chore_that_is_capped_at_nothing_is_not_done(world: World, chore: Chore) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", suspending(poll_every=A_MINUTE))
    claimed(world, run_id, "right")
    world.sink.down = True
    begin(world, "three")
    world.sink.down = False
    world.pass_time(A_LEASE + A_SECOND)

    result = world.dispatch(Tick(caps={chore: 0}))

    others = {Chore.REAP, Chore.POLL, Chore.PUBLISH} - {chore}
    assert getattr(result, chore) == 0
    assert all(getattr(result, other) > 0 for other in others)
