"""start_at: a run that waits for its time."""

from datetime import timedelta

from kernel.model.status import Status
from tests.support.world import World

A_MINUTE = timedelta(minutes=1)
A_DAY = timedelta(days=1)


def test_a_run_starts_at_its_time_and_not_before(world: World) -> None:
    run_id = world.create("three", {"value": 1}, start_at=world.now + 5 * A_MINUTE)
    world.pass_time(4 * A_MINUTE)
    world.drain()
    early = world.run(run_id).status
    world.pass_time(A_MINUTE)

    world.drain()

    assert (early, world.run(run_id).status) == (Status.PENDING, Status.COMPLETED)


def test_a_wait_that_is_too_long_for_a_queue_is_left_to_the_scheduler(world: World) -> None:
    run_id = world.create("three", {"value": 1}, start_at=world.now + A_DAY)
    world.pass_time(A_DAY)

    world.transport.send(world.scheduler.pop_due(world.now))

    world.drain()
    assert world.run(run_id).status is Status.COMPLETED


def test_a_scheduler_that_forgot_is_made_good_by_the_tick(world: World) -> None:
    run_id = world.create("three", {"value": 1}, start_at=world.now + A_DAY)
    world.pass_time(A_DAY + A_MINUTE)

    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
    assert run.started_at is not None
    assert run.started_at - run.created_at >= A_DAY


def test_nobody_looks_at_it_while_it_waits(world: World) -> None:
    world.create("three", {"value": 1}, start_at=world.now + A_DAY)
    world.pass_time(A_MINUTE)
    world.tick()
    world.pass_time(A_DAY - 2 * A_MINUTE)

    due = world.persistence.due(by=world.now, limit=10)

    assert due == []
