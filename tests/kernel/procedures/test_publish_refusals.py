"""An event that is refused again and again is given up on, and holds up nobody for ever."""

from dataclasses import replace

import pytest

from kernel.commands.advance_run import AdvanceRun
from kernel.model.change import SaveDeadLetter
from kernel.model.dead_letter import DeadLetter
from kernel.model.policy import Policy
from kernel.procedures.publish_events import PublishEvents, PublishEventsResult
from kernel.procedures.tick import TickResult
from tests.support.moves import A_MINUTE, begin, failure, settled
from tests.support.steering import REFUSAL
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
CREATED, STARTED = "workflow:created", "workflow:started"


def quiet(world: World, workflow_id: str = "fan") -> str:
    """Start a run while no event can be sent; return its id."""
    world.sink.down = True
    run_id = begin(world, workflow_id)
    world.sink.down = False
    return run_id


def flush(world: World, *run_ids: str, times: int = 1) -> list[PublishEventsResult]:
    return [world.dispatch(PublishEvents(run_ids=run_ids)) for _ in range(times)]


def both_failed(world: World) -> str:
    """Let a run fail whose stages' failures nobody takes; return its id."""
    world.sink.refuses = frozenset({"stage:failed"})
    run_id = begin(world, "fan")
    settled(world, run_id, "left", failure("LEFT", retryable=False))
    settled(world, run_id, "right", failure("RIGHT", retryable=False))
    world.dispatch(AdvanceRun(run_id=run_id))
    return run_id


def letters(world: World) -> list[DeadLetter]:
    return [*world.persistence.dead_letters()]


def test_a_refused_event_stays_and_its_refusals_are_counted(world: World) -> None:
    run_id = quiet(world)
    world.sink.refuses = frozenset({CREATED})

    flush(world, run_id, times=2)

    outbox = world.run(run_id).outbox
    world.sink.refuses = frozenset()
    assert [(event.type, event.refusals) for event in outbox] == [(CREATED, 2), (STARTED, 0)]
    assert letters(world) == []


def test_at_its_last_try_an_event_becomes_a_dead_letter_with_the_reason(world: World) -> None:
    run_id = quiet(world)
    (created, _) = world.run(run_id).outbox
    world.sink.refuses = frozenset({CREATED})

    results = flush(world, run_id, times=5)

    (letter,) = letters(world)
    assert letter.event.id == created.id
    assert (letter.reason, letter.at) == (REFUSAL, world.now)
    assert letter.expires_at == world.now + world.policy.dead_letters_kept
    assert [result.dead_lettered for result in results] == [0, 0, 0, 0, 1]


def test_what_it_held_up_goes_out_at_once(world: World) -> None:
    run_id = quiet(world)
    world.sink.refuses = frozenset({CREATED})

    *_, last = flush(world, run_id, times=5)

    assert last == PublishEventsResult(published=1, dead_lettered=1)
    assert world.sink.types == (STARTED,)
    assert world.run(run_id).outbox == ()


def test_it_moves_in_one_commit(world: World) -> None:
    run_id = quiet(world)
    world.sink.refuses = frozenset({CREATED})

    flush(world, run_id, times=5)

    (moved,) = [
        commit
        for commit in world.persistence.commits
        if any(isinstance(change, SaveDeadLetter) for change in commit)
    ]
    assert len(moved) == 2


def test_one_after_the_other_may_be_given_up_on(world: World) -> None:
    run_id = quiet(world)
    world.sink.refuses = frozenset({CREATED, STARTED})

    flush(world, run_id, times=9)

    assert [letter.event.type for letter in letters(world)] == [CREATED, STARTED]
    assert world.run(run_id).outbox == ()


def test_the_event_of_one_of_several_stages_moves_too(world: World) -> None:
    run_id = both_failed(world)

    flush(world, run_id, times=9)

    assert [letter.event.stage_id for letter in letters(world)] == ["left", "right"]
    assert world.sink.types == (CREATED, STARTED, "workflow:failed")
    assert [stage.outbox for stage in world.stages(run_id).values()] == [(), ()]


def test_the_end_of_a_run_waits_until_its_stages_events_are_given_up_on(world: World) -> None:
    run_id = both_failed(world)

    flush(world, run_id, times=2)

    world.sink.refuses = frozenset()
    assert "workflow:failed" not in world.sink.types


def test_a_refused_event_holds_up_no_other_run(world: World) -> None:
    run_ids = [quiet(world) for _ in range(3)]
    first, *_ = world.run(run_ids[0]).outbox
    world.sink.refuses = frozenset({first.id})

    (result,) = flush(world, *run_ids)

    world.sink.refuses = frozenset()
    assert result == PublishEventsResult(published=4)


def test_a_bus_that_is_down_never_makes_a_dead_letter(world: World) -> None:
    run_id = quiet(world)
    world.sink.down = True

    flush(world, run_id, times=50)
    world.sink.down = False
    world.sink.accepts = 0
    flush(world, run_id, times=50)

    world.sink.accepts = None
    assert letters(world) == []
    assert [event.refusals for event in world.run(run_id).outbox] == [0, 0]


def test_between_two_tries_of_the_tick_more_and_more_time_passes(world: World) -> None:
    run_id = quiet(world)
    world.sink.refuses = frozenset({CREATED})

    tries = [refusals_after_a_minute(world, run_id) for _ in range(40)]

    minutes = [minute for minute in range(1, 40) if tries[minute] != tries[minute - 1]]
    assert tries[0] == 1
    assert minutes == [1, 3, 7, 15]


def refusals_after_a_minute(world: World, run_id: str) -> int:
    world.pass_time(A_MINUTE)
    world.tick()
    first = next((event for event in world.run(run_id).outbox if event.type == CREATED), None)
    return first.refusals if first else 5


def test_a_tick_says_how_many_it_gave_up_on(world: World) -> None:
    world.policy = Policy(publish_tries=1)
    quiet(world, "three")
    world.sink.refuses = frozenset({CREATED})
    world.transport.deaf = True
    world.pass_time(A_MINUTE)

    result = world.tick()

    world.transport.deaf = False
    assert replace(result, rung=0) == TickResult(events_flushed=1, dead_lettered=1)


def test_that_an_event_was_given_up_on_is_told(world: World) -> None:
    world.policy = Policy(publish_tries=1)
    world.sink.refuses = frozenset({CREATED})

    run_id = begin(world, "fan")

    told = [entry for entry in world.logbook.entries if "dead letter" in entry.message]
    assert [entry.fields["reason"] for entry in told] == [REFUSAL]
    assert run_id in told[0].message


def test_an_event_that_is_liked_at_last_goes_out(world: World) -> None:
    run_id = quiet(world)
    world.sink.refuses = frozenset({CREATED})
    flush(world, run_id, times=4)
    world.sink.refuses = frozenset()

    flush(world, run_id)

    assert world.sink.types == (CREATED, STARTED)
    assert letters(world) == []
