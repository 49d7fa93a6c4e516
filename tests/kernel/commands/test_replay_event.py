"""A dead letter goes back into its run's outbox once, whoever asks how often."""

from dataclasses import replace

import pytest

from kernel.commands.claim_stage import ClaimStage
from kernel.commands.replay_event import Replay, ReplayEvent
from kernel.decisions.bells import execute_bell
from kernel.errors import ConditionFailedError
from kernel.model.change import RemoveDeadLetter, SaveDeadLetter
from kernel.model.dead_letter import DeadLetter
from kernel.model.policy import Policy
from kernel.procedures.publish_events import publish_run
from kernel.procedures.rerun_from import RerunFrom
from tests.support.builders import a_dead_letter, an_event
from tests.support.moves import A_MINUTE, A_SECOND, MINE, alter, begin
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
CREATED = "workflow:created"


def replay(world: World, letter: DeadLetter) -> Replay:
    return world.dispatch(ReplayEvent(letter=letter)).replay


def a_dead_event(world: World, workflow_id: str = "three") -> DeadLetter:
    """Start a run whose first event is given up on."""
    world.policy = replace(world.policy, publish_tries=1)
    world.sink.refuses = frozenset({CREATED})
    begin(world, workflow_id)
    world.sink.refuses = frozenset()
    (letter,) = world.persistence.dead_letters()
    return letter


def test_an_event_that_is_put_back_goes_out_as_it_was(world: World) -> None:
    letter = a_dead_event(world)

    answer = replay(world, letter)

    assert answer is Replay.PUT_BACK
    assert world.sink.events[-1] == replace(letter.event, refusals=0)
    assert world.run(letter.event.run_id).outbox == ()
    assert [*world.persistence.dead_letters()] == []


def test_the_letter_goes_and_the_event_comes_in_one_commit(world: World) -> None:
    letter = a_dead_event(world)
    before = len(world.persistence.commits)

    replay(world, letter)

    (first, update) = world.persistence.commits[before]
    assert first == RemoveDeadLetter(letter=letter)
    assert [event.id for event in getattr(update, "events", ())] == [letter.event.id]


def test_an_event_that_cannot_be_sent_now_is_due(world: World) -> None:
    letter = a_dead_event(world, "fan")
    world.sink.down = True

    replay(world, letter)

    run = world.run(letter.event.run_id)
    world.sink.down = False
    assert [event.refusals for event in run.outbox] == [0]
    assert run.due_at is not None
    assert run.due_at <= world.now + world.policy.grace


def test_an_earlier_moment_of_its_run_stays(world: World) -> None:
    letter = a_dead_event(world)
    run_id = letter.event.run_id
    alter(world, run_id, due_at=world.now - 5 * A_MINUTE)
    world.sink.down = True

    replay(world, letter)

    world.sink.down = False
    assert world.run(run_id).due_at == world.now - 5 * A_MINUTE


def test_a_stage_that_is_claimed_meanwhile_keeps_its_moment(world: World) -> None:
    letter = a_dead_event(world)
    run_id = letter.event.run_id
    stage = world.stages(run_id)["first"]
    soon = ClaimStage(bell=execute_bell(stage), key=stage.key, token=MINE, lasts=A_SECOND)
    world.persistence.meanwhile(lambda: world.dispatch(soon))
    world.sink.down = True

    answer = replay(world, letter)

    world.sink.down = False
    stage = world.stages(run_id)["first"]
    assert answer is Replay.PUT_BACK
    assert stage.lease is not None
    assert stage.due_at is not None
    assert stage.due_at <= stage.lease.expires_at


def test_who_asks_again_finds_it_taken(world: World) -> None:
    letter = a_dead_event(world)

    answers = [replay(world, letter) for _ in range(3)]

    assert answers == [Replay.PUT_BACK, Replay.TAKEN, Replay.TAKEN]
    assert world.sink.types.count(CREATED) == 1


def test_of_two_at_once_one_puts_it_back(world: World) -> None:
    letter = a_dead_event(world)
    answers: list[Replay] = []
    world.persistence.meanwhile(lambda: answers.append(replay(world, letter)))

    answers.append(replay(world, letter))

    assert answers == [Replay.PUT_BACK, Replay.TAKEN]
    assert world.sink.types.count(CREATED) == 1


def test_a_run_that_changes_meanwhile_gets_it_all_the_same(world: World) -> None:
    letter = a_dead_event(world)
    run_id = letter.event.run_id
    world.persistence.meanwhile(*[lambda: alter(world, run_id, tenant="acme")] * 3)

    answer = replay(world, letter)

    assert answer is Replay.PUT_BACK
    assert world.sink.types.count(CREATED) == 1


def test_an_event_that_is_refused_again_is_given_up_on_again(world: World) -> None:
    letter = a_dead_event(world)
    world.sink.refuses = frozenset({CREATED})
    world.pass_time(A_MINUTE)

    replay(world, letter)

    (again,) = world.persistence.dead_letters()
    assert (again.event, again.at) == (letter.event, world.now)


def test_a_type_that_is_published_no_more_goes_out_as_well(world: World) -> None:
    letter = a_dead_event(world)
    world.policy = Policy(published=())

    replay(world, letter)

    assert world.sink.types[-1] == CREATED


def test_after_the_end_of_its_run_it_goes_out_late_under_its_own_sequence(world: World) -> None:
    letter = a_dead_event(world)
    run = world.finish(letter.event.run_id)

    answer = replay(world, letter)

    assert answer is Replay.PUT_BACK
    assert world.sink.types[-2:] == ("workflow:completed", CREATED)
    assert world.sink.events[-1].sequence < world.sink.events[-2].sequence
    assert world.run(run.id).status is run.status


def test_in_a_later_generation_it_goes_out_with_its_own(world: World) -> None:
    letter = a_dead_event(world)
    world.finish(letter.event.run_id)
    world.dispatch(RerunFrom(run_id=letter.event.run_id, stage_id="second"))

    replay(world, letter)

    assert world.sink.events[-1].generation == 0
    assert world.run(letter.event.run_id).generation == 1


def test_without_its_run_it_stays(world: World) -> None:
    letter = a_dead_letter(event=an_event(run_id="nobody"))
    world.persistence.commit([SaveDeadLetter(letter=letter)])

    answer = replay(world, letter)

    assert answer is Replay.HOMELESS
    assert world.persistence.has_dead_letter(letter)


def test_nothing_is_written_where_the_store_refuses(world: World) -> None:
    letter = a_dead_event(world)
    refusals = world.policy.conflict_tries - 1
    world.persistence.refuse(ConditionFailedError("no"), times=refusals)

    answer = replay(world, letter)

    assert answer is Replay.PUT_BACK
    assert publish_run(world.kernel, letter.event.run_id, ()).sent == 0
