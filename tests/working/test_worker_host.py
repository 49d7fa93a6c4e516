"""A worker that stays: what it takes, what it holds, and what it leaves to others."""

from datetime import timedelta

import pytest

from functions.host import PAUSES
from functions.listening import DEFAULT_QUEUE
from kernel.errors import NotFoundError
from kernel.model.bell import Bell, BellKind
from kernel.model.status import Status
from tests.e2e.patience import until
from tests.support.world import World
from tests.working.gates import AN_INSTANT, Gate, Moody, Worker, is_over


def is_later(world: World) -> bool:
    """Let time pass; return False."""
    world.pass_time(PAUSES[-1])
    return False


def test_a_worker_answers_bells_until_none_rings(world: World, worker: Worker) -> None:
    run_id = world.create("diamond", {"value": 1})
    host = worker(threads=2)

    host.start()
    until(lambda: is_over(world, run_id))

    assert host.stop()
    assert world.run(run_id).status is Status.COMPLETED
    stats = host.get_stats()
    assert (stats.worker_id, stats.queues) == ("worker-7", (DEFAULT_QUEUE,))
    assert (stats.jobs_processed, stats.succeeded, stats.failed) == (5, 5, 0)


def test_a_worker_says_how_it_is(world: World, worker: Worker, gate: Gate) -> None:
    world.create("slow", {"text": "word"})
    host = worker()

    before = host.get_stats()
    host.start()
    gate.arrived()
    during, well = host.get_stats(), host.is_well
    gate.opened.set()
    host.stop()
    after = host.get_stats()

    assert [each.is_running for each in (before, during, after)] == [False, True, False]
    assert [each.in_hand for each in (before, during, after)] == [0, 1, 0]
    assert [each.is_draining for each in (before, during, after)] == [False, False, True]
    assert before.uptime == 0 < during.uptime
    assert (well, host.is_well) == (True, False)


def test_no_more_bells_are_taken_than_there_are_threads(
    world: World, worker: Worker, gate: Gate, transport: Moody
) -> None:
    for _ in range(3):
        world.create("slow", {"text": "word"})
    host = worker(threads=2)

    host.start()
    gate.arrived(2)
    asked = transport.asked

    assert host.get_stats().in_hand == 2
    assert transport.asked == asked
    gate.opened.set()


def test_a_bell_in_hand_is_kept_from_others_again_and_again(
    world: World, worker: Worker, gate: Gate, transport: Moody
) -> None:
    hidden = timedelta(milliseconds=300)
    world.create("slow", {"text": "word"})
    worker(hidden=hidden).start()
    gate.arrived()

    until(lambda: transport.next_at == world.now + hidden)
    world.pass_time(hidden / 2)
    until(lambda: transport.next_at == world.now + hidden)

    assert not transport.receive()


def test_the_named_queue_is_served_by_whoever_names_it(
    world: World, worker: Worker, gate: Gate
) -> None:
    gate.opened.set()
    run_id = world.create("heavy", {"text": "word"})
    worker().start()
    until(lambda: world.run(run_id).status is Status.RUNNING)

    waits = world.stages(run_id)["body"].status
    worker(queues=("heavy",)).start()
    until(lambda: is_over(world, run_id))

    assert waits is Status.PENDING
    assert world.run(run_id).status is Status.COMPLETED


def test_one_thread_serves_two_queues(world: World, worker: Worker, gate: Gate) -> None:
    gate.opened.set()
    runs = [world.create(name, {"text": "word"}) for name in ("heavy", "slow", "heavy", "slow")]

    worker(queues=("heavy", DEFAULT_QUEUE)).start()
    until(lambda: all(is_over(world, run_id) for run_id in runs))

    assert {world.run(run_id).status for run_id in runs} == {Status.COMPLETED}


def test_a_queue_that_is_not_there_is_refused_at_the_start(
    world: World, worker: Worker, transport: Moody
) -> None:
    world.create("slow", {"text": "word"})
    host = worker(queues=(DEFAULT_QUEUE, "nonesuch"))

    with pytest.raises(NotFoundError, match="nonesuch"):
        host.start()

    assert not host.get_stats().is_running
    assert transport.next_at == world.now


def test_a_queue_that_does_not_answer_for_a_while_is_asked_again(
    world: World, worker: Worker, transport: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.listening.PAUSES", (AN_INSTANT, AN_INSTANT))
    host = worker()
    host.start()

    transport.silent = 3
    until(lambda: not transport.silent)
    run_id = world.create("three", {"value": 1})
    until(lambda: is_over(world, run_id))

    lines = [each for each in world.logbook.entries if each.message == "queue out of reach"]
    assert [line.fields["error"] for line in lines] == ["The queue does not answer."] * 3
    assert host.is_well


def test_a_bell_for_what_this_version_does_not_have_is_left_to_another_one(
    world: World, worker: Worker, transport: Moody
) -> None:
    bell = Bell(kind=BellKind.EXECUTE, run_id="r", workflow_id="newer", stage_id="s", group=1)
    transport.send([bell])

    host = worker()
    host.start()
    until(lambda: host.get_stats().jobs_processed)

    assert transport.pending() == (bell,)
    assert transport.next_at == world.now + PAUSES[0]


def test_a_bell_that_nobody_has_a_version_for_is_left_to_the_tick(
    world: World, worker: Worker, transport: Moody
) -> None:
    bell = Bell(kind=BellKind.EXECUTE, run_id="r", workflow_id="newer", stage_id="s", group=1)
    transport.send([bell])
    worker().start()

    until(lambda: len(transport) == 0 or is_later(world))

    assert transport.dead == ()


def test_a_worker_ticks_if_it_is_told_to(world: World, worker: Worker) -> None:
    run_id = world.create("three", {"value": 1})
    lost = world.ports.transport.receive()
    world.ports.transport.acknowledge(lost[0])
    world.pass_time(timedelta(minutes=2))

    host = worker(ticks=AN_INSTANT)
    host.start()
    until(lambda: is_over(world, run_id))
    host.stop()

    assert host.get_stats().ticks


def test_a_worker_is_seen_at_its_queue_from_its_start_to_its_end(
    world: World, worker: Worker
) -> None:
    host = worker(queues=("heavy", DEFAULT_QUEUE))

    host.start()
    (during,) = world.ports.persistence.presences("heavy")
    host.stop()
    (after,) = world.ports.persistence.presences("heavy")

    assert (during.worker_id, [*during.fingerprints]) == ("worker-7", ["heavy"])
    assert (during.is_there(world.now), after.is_there(world.now)) == (True, False)
    assert world.ports.persistence.presences(DEFAULT_QUEUE) == []
