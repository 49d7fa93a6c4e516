"""A stage that was looked at is marked, unless something came in between."""

import pytest

from kernel.commands.advance_run import AdvanceRun
from kernel.commands.mark_stage import MarkStage
from kernel.decisions.outbox import Sending
from kernel.model.policy import Policy
from kernel.model.verdict import Verdict
from kernel.ports.persistence import Standing
from kernel.procedures.rerun_from import RerunFrom
from tests.support.builders import update_stage
from tests.support.moves import A_MINUTE, begin, claim, failure, settled, success, suspending
from tests.support.world import World


def seen_after(world: World, verdict: Verdict) -> Standing:
    """Return one of several stages, settled while no event could be sent."""
    world.sink.down = True
    run_id = begin(world, "fan")
    stage = settled(world, run_id, "left", verdict)
    world.sink.down = False
    return world.persistence.standing(stage.key)


def mark(world: World, seen: Standing, *, published: bool = False, advanced: bool = False) -> bool:
    accepted = frozenset(event.id for event in seen.stage.outbox)
    sending = Sending(accepted=accepted) if published else None
    command = MarkStage(seen=seen, sending=sending, advanced=advanced)
    return world.dispatch(command).marked


def test_a_published_outbox_is_emptied(world: World) -> None:
    seen = seen_after(world, failure(retryable=False))

    marked = mark(world, seen, published=True)

    assert marked
    assert world.persistence.standing(seen.stage.key).stage.outbox == ()


def test_publishing_does_not_make_a_stage_advanced(world: World) -> None:
    seen = seen_after(world, failure(retryable=False))

    mark(world, seen, published=True)

    stage = world.persistence.standing(seen.stage.key).stage
    assert stage.unadvanced
    assert stage.due_at is not None


def test_a_stage_whose_group_was_asked_about_is_due_no_more(world: World) -> None:
    seen = seen_after(world, success())

    marked = mark(world, seen, advanced=True)

    stage = world.persistence.standing(seen.stage.key).stage
    assert marked
    assert (stage.unadvanced, stage.due_at) == (False, None)


def test_a_stage_that_changed_since_it_was_read_is_not_marked(world: World) -> None:
    seen = seen_after(world, failure(retryable=False))
    change = update_stage(seen.stage, digest="another")
    world.persistence.meanwhile(lambda: world.persistence.inner.commit([change]))

    marked = mark(world, seen, published=True, advanced=True)

    stage = world.persistence.standing(seen.stage.key).stage
    assert not marked
    assert (stage.unadvanced, stage.outbox) == (True, seen.stage.outbox)


def test_a_stage_that_was_claimed_since_it_was_read_is_not_put_off(world: World) -> None:
    run_id = begin(world, "fan")
    seen = world.persistence.standing(world.stages(run_id)["left"].key)
    world.pass_time(20 * A_MINUTE)
    claim(world, run_id, "left")

    marked = mark(world, seen)

    stage = world.stages(run_id)["left"]
    assert not marked
    assert stage.due_at == seen.stage.due_at


def test_putting_a_stage_off_does_not_move_its_version(world: World) -> None:
    run_id = begin(world, "fan")
    seen = world.persistence.standing(world.stages(run_id)["left"].key)
    world.pass_time(20 * A_MINUTE)

    mark(world, seen)

    stage = world.stages(run_id)["left"]
    assert stage.version == seen.stage.version
    assert stage.due_at == world.now + world.policy.longest_push_back


@pytest.mark.parametrize("verdict", [suspending(poll_every=5 * A_MINUTE)], ids=["suspended"])
def test_a_stage_that_is_due_when_it_should_be_is_not_written(
    world: World, verdict: Verdict
) -> None:
    run_id = begin(world, "fan")
    stage = settled(world, run_id, "left", verdict)
    before = len(world.persistence.commits)

    marked = mark(world, world.persistence.standing(stage.key))

    assert marked
    assert len(world.persistence.commits) == before


def test_a_refused_event_of_a_stage_is_given_up_on_and_its_transition_is_not(
    world: World,
) -> None:
    world.policy = Policy(publish_tries=1)
    seen = seen_after(world, failure(retryable=False))
    (event,) = seen.stage.outbox
    sending = Sending(accepted=frozenset(), refused=event.id, reason="no")

    result = world.dispatch(MarkStage(seen=seen, sending=sending))

    stage = world.persistence.standing(seen.stage.key).stage
    assert result.buried
    assert (stage.outbox, stage.unadvanced) == ((), True)
    assert [letter.event.id for letter in world.persistence.dead_letters()] == [event.id]


def test_an_event_that_a_stage_brought_in_between_is_not_given_up_on(world: World) -> None:
    world.policy = Policy(publish_tries=1)
    seen = seen_after(world, failure(retryable=False))
    (event,) = seen.stage.outbox
    sending = Sending(accepted=frozenset(), refused=event.id, reason="no")
    change = update_stage(seen.stage, digest="another")
    world.persistence.meanwhile(lambda: world.persistence.inner.commit([change]))

    result = world.dispatch(MarkStage(seen=seen, sending=sending))

    assert (result.marked, result.buried) == (False, False)
    assert [*world.persistence.dead_letters()] == []


def test_a_stage_that_was_made_anew_keeps_what_it_has_to_say(world: World) -> None:
    seen = seen_after(world, failure(retryable=False))
    run_id = seen.stage.run_id
    settled(world, run_id, "right", success())
    world.dispatch(AdvanceRun(run_id=run_id))
    world.dispatch(RerunFrom(run_id=run_id, stage_id="left"))
    world.sink.down = True
    anew = settled(world, run_id, "left", failure(retryable=False))

    marked = mark(world, seen, published=True)

    stage = world.persistence.standing(seen.stage.key).stage
    world.sink.down = False
    assert anew.generation == seen.stage.generation + 1
    assert stage.version == seen.stage.version
    assert (marked, len(stage.outbox)) == (False, 1)
