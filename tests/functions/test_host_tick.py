"""What a host's tick does, and when it stops."""

from datetime import timedelta

import pytest

from functions.host import ServerlessHost
from functions.outcomes import MaintenanceResult
from kernel.model.policy import Policy
from kernel.model.status import Status
from tests.support.moves import begin
from tests.support.world import World


@pytest.fixture
def host(world: World) -> ServerlessHost:
    return ServerlessHost(world.kernel, worker_id="worker-7")


def test_a_tick_does_what_is_due_and_says_what_it_did(world: World, host: ServerlessHost) -> None:
    run_id = world.create("three", {"value": 1})
    world.take_bell()
    world.pass_time(timedelta(minutes=2))

    done = host.run_maintenance_tick()

    assert done == MaintenanceResult(claimed=1)
    assert world.run(run_id).status is Status.RUNNING


def test_a_tick_starts_no_more_than_it_may(world: World) -> None:
    host = ServerlessHost(world.kernel, max_claims_per_tick=1)
    for _ in range(3):
        world.create("three", {"value": 1})
        world.take_bell()
    world.pass_time(timedelta(minutes=2))

    done = host.run_maintenance_tick()

    assert done.claimed == 1


def test_a_tick_without_time_leaves_what_is_due(world: World, host: ServerlessHost) -> None:
    world.create("three", {"value": 1})
    world.pass_time(timedelta(minutes=2))

    done = host.run_maintenance_tick(timedelta())

    assert done == MaintenanceResult(left=1)


def test_a_tick_says_how_many_events_became_dead_letters(world: World) -> None:
    world.policy = Policy(publish_tries=1)
    world.sink.down = True
    begin(world, "fan")
    world.sink.down = False
    world.sink.refuses = frozenset({"workflow:created"})
    world.pass_time(timedelta(minutes=2))

    done = ServerlessHost(world.kernel).run_maintenance_tick()

    assert (done.events_flushed, done.dead_lettered) == (1, 1)
