"""Events leave in order, at least once; the one that ends a run leaves last."""

from typing import Any

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.commands.advance_run import AdvanceRun
from kernel.errors import NotFoundError
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.publish_events import (
    Publication,
    PublishEvents,
    PublishEventsResult,
    publish_run,
)
from tests.support.builders import update_stage
from tests.support.moves import (
    A_MINUTE,
    A_SECOND,
    begin,
    claimed,
    execute,
    failure,
    settle,
    settled,
    success,
    suspending,
)
from tests.support.world import World, memory_ports

ALL_TYPES = Policy(published=("*",))
TWO = success({"value": 2})


def flush(world: World, *run_ids: str) -> PublishEventsResult:
    return world.dispatch(PublishEvents(run_ids=run_ids))


def quiet(world: World, workflow_id: str = "three") -> str:
    """Start a run while no event can be sent; return its id."""
    world.sink.down = True
    return begin(world, workflow_id)


def test_what_could_not_be_sent_at_once_is_sent_later(world: World) -> None:
    run_id = quiet(world)
    world.sink.down = False

    result = flush(world, run_id)

    assert result == PublishEventsResult(published=2)
    assert world.sink.types == ("workflow:created", "workflow:started")
    assert world.run(run_id).outbox == ()


def test_what_was_sent_is_not_sent_again(world: World) -> None:
    run_id = begin(world, "three")

    result = flush(world, run_id)

    assert result == PublishEventsResult(published=0)
    assert world.sink.types == ("workflow:created", "workflow:started")


def test_a_sink_that_is_down_keeps_everything_due(world: World) -> None:
    run_id = quiet(world)

    result = flush(world, run_id)

    run = world.run(run_id)
    world.sink.down = False
    assert result == PublishEventsResult(published=0, failed=1)
    assert [event.type for event in run.outbox] == ["workflow:created", "workflow:started"]
    assert run.due_at is not None


def test_that_the_sink_is_down_fails_no_command(world: World) -> None:
    run_id = quiet(world)

    assert world.run(run_id).status is Status.RUNNING
    assert "Events are not sent yet; the tick will send them." in world.logbook.messages
    world.sink.down = False


def test_a_sink_that_takes_only_some_keeps_the_rest_due(world: World) -> None:
    run_id = quiet(world)
    world.sink.down = False
    world.sink.accepts = 1

    result = flush(world, run_id)

    world.sink.accepts = None
    assert result == PublishEventsResult(published=1)
    assert [event.type for event in world.run(run_id).outbox] == ["workflow:started"]
    assert world.run(run_id).due_at is not None


def test_of_several_outboxes_what_did_not_go_out_stays(world: World) -> None:
    run_id = quiet(world, "fan")
    settled(world, run_id, "left", failure("LEFT", retryable=False))
    settled(world, run_id, "right", failure("RIGHT", retryable=False))
    world.dispatch(AdvanceRun(run_id=run_id))
    world.sink.down = False
    world.sink.accepts = 3

    flush(world, run_id)

    stages = world.stages(run_id)
    world.sink.accepts = None
    assert world.sink.types == ("workflow:created", "workflow:started", "stage:failed")
    assert (stages["left"].outbox, len(stages["right"].outbox)) == ((), 1)
    assert [event.type for event in world.run(run_id).outbox] == ["workflow:failed"]


def test_the_event_that_ends_a_run_is_the_last_after_all_outboxes(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = quiet(world, "fan")
    settled(world, run_id, "right", TWO)
    settled(world, run_id, "left", TWO)
    world.dispatch(AdvanceRun(run_id=run_id))
    world.sink.down = False

    flush(world, run_id)

    per_stage = {
        id_: [event.type for event in world.sink.events if event.stage_id == id_]
        for id_ in ("left", "right")
    }
    assert world.sink.types[:2] == ("workflow:created", "workflow:started")
    assert per_stage["left"] == per_stage["right"] == ["stage:started", "stage:completed"]
    assert world.sink.types[6:] == ("workflow:completed",)


def test_what_a_cancelled_stage_had_to_say_goes_before_the_end_of_its_run(world: World) -> None:
    run_id = quiet(world, "fan")
    settled(world, run_id, "left", failure(delay=A_MINUTE))
    world.sink.down = False

    world.dispatch(CancelRun(run_id=run_id))

    assert world.sink.types[-2:] == ("stage:failed", "workflow:cancelled")


def test_events_are_sent_in_the_order_of_their_sequence(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = quiet(world)
    settled(world, run_id, "first", failure(delay=A_SECOND))
    world.pass_time(A_SECOND)
    settled(world, run_id, "first", suspending())
    world.sink.down = False

    world.dispatch(CancelRun(run_id=run_id))

    sequences = [event.sequence for event in world.sink.events]
    assert sequences == sorted(sequences)
    assert len({event.id for event in world.sink.events}) == len(sequences)


def test_a_type_that_is_not_published_is_not_stored(world: World) -> None:
    world.sink.down = True
    world.policy = Policy(published=("stage:failed",))
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)

    outboxes = [world.run(run_id).outbox, world.stages(run_id)["left"].outbox]

    world.sink.down = False
    assert outboxes == [(), ()]


def test_an_event_that_is_appended_while_others_are_sent_stays(world: World) -> None:
    run_id = quiet(world, "fan")
    stage = settled(world, run_id, "left", failure(delay=A_SECOND))
    world.sink.down = False
    late = world.run(run_id).outbox[:1]
    change = update_stage(world.stages(run_id)["left"], events=late)
    world.persistence.meanwhile(lambda: world.persistence.inner.commit([change]))

    publish_run(world.kernel, run_id, (stage.key,))

    assert len(world.stages(run_id)["left"].outbox) == 2


def test_the_stage_of_a_command_is_flushed_with_its_run(world: World) -> None:
    run_id = quiet(world, "fan")
    held = claimed(world, run_id, "left")
    world.sink.down = False

    settle(world, held, failure(delay=A_SECOND))

    assert world.sink.types == ("workflow:created", "workflow:started", "stage:failed")
    assert world.stages(run_id)["left"].outbox == ()


def test_what_is_due_is_flushed_without_being_named(world: World) -> None:
    run_id = quiet(world)
    world.sink.down = False
    world.pass_time(A_MINUTE)

    result = world.dispatch(PublishEvents())

    assert result.published == 2
    assert world.run(run_id).outbox == ()


def test_a_run_that_does_not_exist_holds_up_no_other(world: World) -> None:
    run_id = quiet(world)
    world.sink.down = False

    result = flush(world, "nobody", run_id)

    assert result == PublishEventsResult(published=2, failed=1)


def test_a_stage_that_does_not_exist_has_nothing_to_say(world: World) -> None:
    run_id = begin(world, "fan")
    key = world.stages(run_id)["left"].key
    ghosts: list[Any] = [type(key)(run_id=run_id, stage_id="ghost", group=1, solo=False)]

    sent = publish_run(world.kernel, run_id, ghosts)

    assert sent == Publication()


def test_a_run_that_does_not_exist_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        publish_run(world.kernel, "nobody", ())


def test_a_run_says_each_thing_once_when_all_goes_well(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = begin(world, "diamond")

    world.finish(run_id)

    ids = [event.id for event in world.sink.events]
    assert len(ids) == len({*ids}) == 3 + 2 * 4
    assert world.sink.types[-1] == "workflow:completed"


def test_a_failure_is_told_with_its_stage_its_attempt_and_its_end(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")

    world.finish(run_id)

    failures = [event for event in world.sink.events if event.type == "stage:failed"]
    assert [(event.stage_id, event.attempt) for event in failures] == [("fails", 1), ("fails", 2)]
    assert [event.detail["will_retry"] for event in failures] == [True, False]
    assert world.sink.events[-1].detail["failed_stage"] == "fails"


def test_no_two_events_of_a_run_have_the_same_place_in_its_order(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = begin(world, "fan")

    world.finish(run_id)

    sequences = [event.sequence for event in world.sink.events]
    assert len(sequences) == len({*sequences})


def test_a_run_with_events_to_send_is_due_though_its_next_group_is_parallel() -> None:
    world = World(ports=memory_ports(persistence=DynamoPersistence(MemoryItems())))
    world.policy = Policy(published=("stage:completed",))
    run_id = begin(world, "diamond")
    world.sink.down = True

    execute(world, run_id, "first")

    run = world.run(run_id)
    assert [event.type for event in run.outbox] == ["stage:completed"]
    assert run.due_at is not None
