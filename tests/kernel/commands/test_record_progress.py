"""Progress is noted while its lease is held, and not a moment longer."""

from dataclasses import replace

import pytest

from kernel.commands.close_run import CloseRun
from kernel.commands.fence_stage import FenceStage
from kernel.commands.record_progress import RecordProgress, RecordProgressResult
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.model.verdict import Skipped, Verdict
from tests.support.builders import a_progress
from tests.support.moves import A_LEASE, begin, claimed, failure, settle, success
from tests.support.world import World


def test_progress_is_stored_and_nothing_else_changes(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first")

    result = world.dispatch(
        RecordProgress(seen=held.stage, token="mine", progress=a_progress(fraction=0.25))
    )

    stage = world.stages(run_id)["first"]
    assert result == RecordProgressResult(recorded=True)
    assert stage == replace(
        held.stage, progress=a_progress(fraction=0.25), version=held.stage.version + 1
    )


def test_progress_of_another_worker_is_refused(world: World) -> None:
    run_id = begin(world, "three")
    held = claimed(world, run_id, "first", token="theirs")

    result = world.dispatch(RecordProgress(seen=held.stage, token="mine", progress=a_progress()))

    assert result == RecordProgressResult(recorded=False)
    assert world.stages(run_id)["first"].progress is None


def test_progress_of_a_stage_that_is_settled_is_refused(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    settle(world, held, success({"value": 2}))

    result = world.dispatch(RecordProgress(seen=held.stage, token="mine", progress=a_progress()))

    assert not result.recorded


def test_progress_undoes_nothing_that_happened_since_the_claim(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    world.pass_time(A_LEASE / 2)
    world.tick()
    due_at = world.stages(run_id)["left"].due_at

    world.dispatch(RecordProgress(seen=held.stage, token="mine", progress=a_progress()))

    assert world.stages(run_id)["left"].due_at == due_at
    assert due_at != held.stage.due_at


@pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
@pytest.mark.parametrize(("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")])
@pytest.mark.parametrize(
    "verdict", [success({"value": 2}), failure(retryable=False), Skipped()], ids=type
)
def test_what_was_reported_is_forgotten_when_the_stage_is_settled(
    world: World, workflow_id: str, stage_id: str, verdict: Verdict
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.dispatch(RecordProgress(seen=held.stage, token="mine", progress=a_progress()))

    settle(world, held, verdict)

    stage = world.stages(run_id)[stage_id]
    assert stage.status.is_terminal
    assert stage.progress is None


@pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
@pytest.mark.parametrize(("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")])
def test_what_was_reported_is_forgotten_when_the_stage_is_fenced(
    world: World, workflow_id: str, stage_id: str
) -> None:
    run_id = begin(world, workflow_id)
    held = claimed(world, run_id, stage_id)
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))
    world.dispatch(RecordProgress(seen=held.stage, token="mine", progress=a_progress()))

    world.dispatch(FenceStage(seen=held.stage))

    assert world.stages(run_id)[stage_id].progress is None
