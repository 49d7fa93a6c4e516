"""What becomes of a worker that is to stop, and of what it has in hand."""

import threading
from datetime import timedelta

from kernel.model.status import Status
from tests.support.world import World
from tests.working.gates import ENOUGH, Gate, Moody, Worker


def test_a_worker_that_drains_waits_for_what_it_has_begun(
    world: World, worker: Worker, gate: Gate
) -> None:
    run_id = world.create("slow", {"text": "word"})
    host = worker()
    host.start()
    gate.arrived()

    threading.Timer(0.2, gate.opened.set).start()
    ended = host.stop(ENOUGH)

    assert ended
    assert world.run(run_id).status is Status.COMPLETED


def test_a_worker_that_drains_begins_nothing(
    world: World, worker: Worker, transport: Moody
) -> None:
    host = worker()
    host.start()
    host.stop()

    world.create("three", {"value": 1})

    assert transport.next_at == world.now
    assert not host.is_well


def test_a_worker_that_is_to_stop_stops_the_bodies_that_do_not_end(
    world: World, worker: Worker, gate: Gate
) -> None:
    world.create("slow", {"text": "word"})
    host = worker()
    host.start()
    gate.arrived()

    ended = host.stop(timedelta())

    assert not ended
    assert host.tainted
    assert host.get_stats().in_hand == 0
