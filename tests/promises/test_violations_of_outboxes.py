"""Violations 12 and 16: no event is lost, and the one that ends a run is heard last."""

import pytest

from kernel.commands.advance_run import AdvanceRun
from kernel.model.status import Status
from kernel.procedures.publish_events import PublishEvents, publish_run
from tests.promises.scenes import ALL_TYPES, TWO, at_commit, cancel, quiet
from tests.support.moves import A_MINUTE, A_SECOND, failure, settled
from tests.support.world import World

LONE_OR_NOT = pytest.mark.parametrize(
    ("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")]
)


def test_v12_an_event_joins_those_that_wait_and_replaces_none(world: World) -> None:
    run_id = quiet(world, "fan")
    settled(world, run_id, "left", failure(retryable=False))
    settled(world, run_id, "right", TWO)
    world.dispatch(AdvanceRun(run_id=run_id))
    world.sink.down = False

    world.finish(run_id)

    assert world.sink.types == (
        "workflow:created",
        "workflow:started",
        "stage:failed",
        "workflow:failed",
    )


def test_v12_what_a_run_has_to_say_while_others_flush_it_is_said_later(world: World) -> None:
    run_id = quiet(world, "fan")
    settled(world, run_id, "left", failure(retryable=False))
    settled(world, run_id, "right", TWO)
    world.sink.down = False
    at_commit(world, 1, lambda: ends_unheard(world, run_id))

    world.dispatch(PublishEvents(run_ids=[run_id]))

    assert world.run(run_id).status is Status.FAILED
    world.finish(run_id)
    assert world.sink.types[-1] == "workflow:failed"


def ends_unheard(world: World, run_id: str) -> None:
    world.sink.down = True
    world.dispatch(AdvanceRun(run_id=run_id))
    world.sink.down = False


@LONE_OR_NOT
def test_v12_what_a_stage_has_to_say_while_others_flush_it_is_said_later(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = quiet(world, workflow_id)
    stage = settled(world, run_id, stage_id, failure(delay=A_SECOND))
    world.sink.down = False
    world.pass_time(A_MINUTE)
    at_commit(world, 1, lambda: fails_unheard(world, run_id, stage_id))

    publish_run(world.kernel, run_id, (stage.key,))

    world.finish(run_id)
    attempts = {event.attempt for event in world.sink.events if event.type == "stage:failed"}
    assert attempts == {1, 2}


def fails_unheard(world: World, run_id: str, stage_id: str) -> None:
    world.sink.down = True
    settled(world, run_id, stage_id, failure(delay=A_SECOND))
    world.sink.down = False


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_v16_the_end_of_a_run_is_told_after_all_that_its_stages_had_to_say(
    world: World, workflow_id: str
) -> None:
    world.policy = ALL_TYPES
    run_id = quiet(world, workflow_id)
    world.drain()
    world.sink.down = False

    world.dispatch(PublishEvents(run_ids=[run_id]))
    world.finish(run_id)

    stages = len(world.stages(run_id))
    assert world.run(run_id).status is Status.COMPLETED
    assert world.sink.types.count("stage:completed") == stages
    assert world.sink.types[-1] == "workflow:completed"


def test_v16_the_end_of_a_cancelled_run_is_told_last_as_well(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = quiet(world, "fan")
    settled(world, run_id, "left", failure(delay=A_SECOND))
    world.sink.down = False

    cancel(world, run_id)
    world.finish(run_id)

    assert world.sink.types[-3:] == ("stage:started", "stage:failed", "workflow:cancelled")
