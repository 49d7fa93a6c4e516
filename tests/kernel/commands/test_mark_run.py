"""A run that was looked at is marked, unless something came in between."""

import pytest

from kernel.commands.mark_run import MarkRun
from kernel.decisions.outbox import Sending
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.persistence import Head
from tests.support.moves import A_LEASE, A_MINUTE, alter, begin, claimed
from tests.support.world import World


def mark(world: World, seen: Head, *, published: bool = False) -> bool:
    accepted = frozenset(event.id for event in seen.run.outbox)
    sending = Sending(accepted=accepted) if published else None
    return world.dispatch(MarkRun(seen=seen, sending=sending)).marked


@pytest.fixture
def seen(world: World) -> Head:
    """A run with an event that could not be sent."""
    world.sink.down = True
    run_id = begin(world, "three")
    world.sink.down = False
    return world.persistence.head(run_id)


def test_a_published_outbox_is_emptied(world: World, seen: Head) -> None:
    marked = mark(world, seen, published=True)

    run = world.run(seen.run.id)
    assert marked
    assert run.outbox == ()
    assert run.version == seen.run.version + 1


def test_an_event_that_came_in_between_is_not_lost(world: World, seen: Head) -> None:
    alter(world, seen.run.id, tenant="acme")

    marked = mark(world, seen, published=True)

    assert not marked
    assert world.run(seen.run.id).outbox == seen.run.outbox


def test_an_unsent_event_is_due_again_later(world: World, seen: Head) -> None:
    world.pass_time(10 * A_MINUTE)

    mark(world, seen)

    assert world.run(seen.run.id).due_at == world.now + 10 * A_MINUTE


def test_putting_a_run_off_does_not_move_its_version(world: World, seen: Head) -> None:
    world.pass_time(10 * A_MINUTE)

    mark(world, seen)

    assert world.run(seen.run.id).version == seen.run.version


def test_a_run_is_due_for_the_stage_that_is_alone_in_its_group(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")
    assert held.stage.lease is not None

    mark(world, world.persistence.head(run_id))

    assert world.run(run_id).due_at == held.stage.lease.expires_at
    assert world.now < held.stage.lease.expires_at <= world.now + A_LEASE


def test_a_run_that_wants_nothing_is_due_no_more(world: World) -> None:
    run_id = begin(world, "fan")
    alter(world, run_id, due_at=world.now)

    mark(world, world.persistence.head(run_id))

    assert world.run(run_id).due_at is None


def test_a_run_that_is_due_when_it_should_be_is_not_written(world: World) -> None:
    run_id = begin(world, "fan")
    before = len(world.persistence.commits)

    marked = mark(world, world.persistence.head(run_id))

    assert marked
    assert len(world.persistence.commits) == before


def test_a_pending_run_that_nobody_starts_is_looked_at_less_and_less_often(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.pass_time(4 * A_MINUTE)

    mark(world, world.persistence.head(run_id))

    assert world.run(run_id).due_at == world.now + 4 * A_MINUTE
    assert world.run(run_id).status is Status.PENDING


def test_what_could_not_be_sent_stays_when_the_rest_is_cleared(world: World, seen: Head) -> None:
    created, started = seen.run.outbox
    sending = Sending(accepted=frozenset({created.id}))

    world.dispatch(MarkRun(seen=seen, sending=sending))

    assert world.run(seen.run.id).outbox == (started,)
    assert world.run(seen.run.id).due_at is not None


def test_what_is_left_is_not_sent_again_by_the_mark_itself(world: World, seen: Head) -> None:
    created, _ = seen.run.outbox

    world.dispatch(MarkRun(seen=seen, sending=Sending(accepted=frozenset({created.id}))))

    assert world.sink.types == ()


def test_two_who_were_refused_at_once_count_one_refusal(world: World, seen: Head) -> None:
    created, _ = seen.run.outbox
    sending = Sending(accepted=frozenset(), refused=created.id, reason="no")

    marks = [world.dispatch(MarkRun(seen=seen, sending=sending)).marked for _ in range(2)]

    assert marks == [True, False]
    assert world.run(seen.run.id).outbox[0].refusals == 1


def test_two_who_give_up_at_once_make_one_dead_letter(world: World, seen: Head) -> None:
    world.policy = Policy(publish_tries=1)
    created, started = seen.run.outbox
    sending = Sending(accepted=frozenset(), refused=created.id, reason="no")

    first = world.dispatch(MarkRun(seen=seen, sending=sending))
    world.pass_time(A_MINUTE)
    second = world.dispatch(MarkRun(seen=seen, sending=sending))

    assert (first.buried, second.buried) == (True, False)
    assert len([*world.persistence.dead_letters()]) == 1
    assert world.run(seen.run.id).outbox == (started,)
