"""A rerun commits only on what it read, and takes along what nobody has sent yet."""

import pytest

from kernel.commands.rerun_run import RerunRun, RerunRunResult
from kernel.errors import ConflictError, IdempotencyConflictError, IllegalTransitionError
from kernel.model.change import UpdateRun
from kernel.model.status import Status
from tests.support.moves import begin
from tests.support.world import World


def rerun(world: World, run_id: str, stage_id: str, key: str | None = None) -> RerunRunResult:
    seen = world.persistence.snapshot(run_id)
    return world.dispatch(RerunRun(seen=seen, stage_id=stage_id, key=key))


@pytest.fixture
def run_id(world: World) -> str:
    """A run of three stages that is over."""
    run_id = begin(world, "three")
    world.finish(run_id)
    return run_id


def test_a_rerun_begins_its_group_in_a_new_generation(world: World, run_id: str) -> None:
    result = rerun(world, run_id, "second")

    run, stage = world.run(run_id), world.stages(run_id)["second"]
    assert result == RerunRunResult(generation=1, rerun=True)
    assert (run.status, run.generation, run.cursor) == (Status.RUNNING, 1, 2)
    assert (run.completed_at, run.error) == (None, None)
    assert (stage.status, stage.generation, stage.attempt) == (Status.PENDING, 1, 0)
    world.finish(run_id)


def test_of_two_reruns_of_the_same_reading_one_is_made(world: World, run_id: str) -> None:
    seen = world.persistence.snapshot(run_id)
    world.dispatch(RerunRun(seen=seen, stage_id="second"))

    with pytest.raises(IllegalTransitionError, match="RUNNING"):
        world.dispatch(RerunRun(seen=seen, stage_id="third"))

    assert world.run(run_id).generation == 1
    world.finish(run_id)


def test_a_run_that_was_rerun_to_its_end_since_it_was_read_is_not_rerun_again(
    world: World, run_id: str
) -> None:
    seen = world.persistence.snapshot(run_id)
    rerun(world, run_id, "second")
    world.finish(run_id)

    with pytest.raises(ConflictError, match="rerun in between"):
        world.dispatch(RerunRun(seen=seen, stage_id="second"))

    assert world.run(run_id).generation == 1


def test_a_rerun_requires_the_run_over_unclosed_and_of_its_generation(
    world: World, run_id: str
) -> None:
    before = len(world.persistence.commits)

    rerun(world, run_id, "first")

    commit = world.persistence.commits[before]
    (change,) = [one for one in commit if isinstance(one, UpdateRun)]
    assert {one.field for one in change.requires} >= {"status", "closing", "generation"}
    world.finish(run_id)


def test_a_key_reruns_once(world: World, run_id: str) -> None:
    first = rerun(world, run_id, "second", key="again")
    world.finish(run_id)

    second = rerun(world, run_id, "second", key="again")

    assert (first.rerun, second) == (True, RerunRunResult(generation=1, rerun=False))
    assert world.run(run_id).generation == 1


def test_a_key_is_for_one_stage(world: World, run_id: str) -> None:
    rerun(world, run_id, "second", key="again")
    world.finish(run_id)

    with pytest.raises(IdempotencyConflictError, match="'second'"):
        rerun(world, run_id, "third", key="again")


def test_a_key_that_expired_reruns_again(world: World, run_id: str) -> None:
    rerun(world, run_id, "second", key="again")
    world.finish(run_id)
    world.pass_time(world.policy.idempotency_kept * 2)

    result = rerun(world, run_id, "third", key="again")

    assert result == RerunRunResult(generation=2, rerun=True)
    world.finish(run_id)


def test_events_of_what_is_replaced_go_out_all_the_same(world: World) -> None:
    run_id = begin(world, "failing")
    world.sink.down = True
    world.drain()
    world.pass_time(world.policy.grace)
    world.drain()
    unsent = world.stages(run_id)["fails"].outbox

    rerun(world, run_id, "fails")
    world.sink.down = False
    world.finish(run_id)

    assert unsent
    assert {event.id for event in unsent} <= {event.id for event in world.sink.events}
