"""A run that is deleted leaves nothing behind, whoever dies on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.memory import MemoryRegistry
from kernel.commands.retire_run import RetireRun
from kernel.errors import IllegalTransitionError, NotFoundError, UnavailableError
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.delete_run import DeleteRun, DeleteRunResult
from kernel.procedures.execute_job import JobOutcome
from kernel.procedures.rerun_from import RerunFrom
from kernel.procedures.retirement import retire, step
from kernel.procedures.tick import Tick
from kernel.queries.show_run import show_run
from tests.support.builders import update_stage
from tests.support.moves import A_MINUTE, begin, execute
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
A_DAY = timedelta(days=1)


def bulky(world: World) -> World:
    """Return the same world, whose payloads are all blobs."""
    return World(ports=world.ports, policy=Policy(inline_limit=0, bell_limit=0))


def is_gone(world: World, run_id: str) -> bool:
    """Whether nothing of the run is left, wherever it may be."""
    store = world.persistence
    with pytest.raises(NotFoundError):
        store.snapshot(run_id)
    with pytest.raises(NotFoundError):
        store.intake(run_id)
    left = [*store.past(run_id), *store.annotations(run_id), *world.blobs.keys(f"runs/{run_id}/")]
    far = store.due(by=world.now + timedelta(days=1_000), limit=100)
    return not left and run_id not in {due.run_id for due in far}


def test_a_run_is_deleted_with_its_stages_its_history_its_facts_and_its_blobs(
    world: World,
) -> None:
    large = bulky(world)
    run_id = begin(large, "diamond", annotations={"ticket": 7})
    large.finish(run_id)
    large.dispatch(RerunFrom(run_id=run_id, stage_id="join"))
    large.finish(run_id)
    assert len(world.blobs.keys(f"runs/{run_id}/")) > 4

    result = world.dispatch(DeleteRun(run_id=run_id))

    assert result == DeleteRunResult(run_id=run_id)
    assert is_gone(world, run_id)


def test_removals_that_pile_up_hold_up_nothing_that_has_to_move(world: World) -> None:
    over = [begin(world, "three") for _ in range(3)]
    for run_id in over:
        world.finish(run_id)
    world.pass_time(timedelta(days=40))
    late = world.create("three", {"value": 1})
    world.pass_time(timedelta(minutes=2))

    result = world.dispatch(Tick(limit=1, page=2))

    assert (result.claimed, result.retired) == (1, 0)
    assert world.run(late).status is Status.RUNNING


def test_nobody_else_loses_anything(world: World) -> None:
    deleted, kept = (begin(bulky(world), "three", run_id=id_) for id_ in ("one", "other"))
    for run_id in (deleted, kept):
        bulky(world).finish(run_id)
    outputs = {stage_id: world.output(kept, stage_id) for stage_id in world.stages(kept)}

    world.dispatch(DeleteRun(run_id=deleted))

    assert {stage_id: world.output(kept, stage_id) for stage_id in outputs} == outputs


def test_a_run_that_is_not_over_is_not_deleted(world: World) -> None:
    run_id = begin(world, "three")

    with pytest.raises(IllegalTransitionError, match="cancel it before"):
        world.dispatch(DeleteRun(run_id=run_id))

    world.finish(run_id)


def test_a_run_that_is_not_there_cannot_be_deleted(world: World) -> None:
    with pytest.raises(NotFoundError):
        world.dispatch(DeleteRun(run_id="nobody"))


def test_what_a_run_has_to_tell_goes_out_before_it_goes(world: World) -> None:
    run_id = begin(world, "three")
    world.sink.accepts = 0
    world.drain()

    with pytest.raises(UnavailableError, match="events that cannot be sent"):
        world.dispatch(DeleteRun(run_id=run_id))
    world.sink.accepts = None
    world.dispatch(DeleteRun(run_id=run_id))

    assert "workflow:completed" in {event.type for event in world.sink.events}


def test_what_a_sibling_has_to_send_though_the_end_is_out_goes_first(world: World) -> None:
    run_id = begin(world, "fan")
    world.finish(run_id)
    ended = next(event for event in world.sink.events if event.type == "workflow:completed")
    left = replace(ended, id="left", type="stage:failed", stage_id="left")
    world.persistence.commit([update_stage(world.stages(run_id)["left"], events=(left,))])

    world.dispatch(DeleteRun(run_id=run_id))

    assert "left" in {event.id for event in world.sink.events}
    assert is_gone(world, run_id)
    assert is_gone(world, run_id)


def test_a_run_goes_by_itself_when_its_days_are_over(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.pass_time(timedelta(days=30) - A_MINUTE)
    early = world.tick()

    world.pass_time(A_DAY)
    late = world.tick()

    assert (early.retired, late.retired) == (0, 1)
    assert is_gone(world, run_id)


def test_a_rerun_cancels_the_retirement(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.pass_time(timedelta(days=29))
    world.dispatch(RerunFrom(run_id=run_id, stage_id="third"))
    world.finish(run_id)

    world.pass_time(timedelta(days=29))
    result = world.tick()

    assert result.retired == 0
    assert world.run(run_id).generation == 1


def test_without_retention_runs_stay(world: World) -> None:
    keeping = World(ports=world.ports, policy=replace(world.policy, retention=None))
    run_id = begin(keeping, "three")
    keeping.finish(run_id)

    keeping.pass_time(timedelta(days=10_000))
    result = keeping.tick()

    assert result.retired == 0
    assert keeping.run(run_id).due_at is None


def test_a_run_goes_although_nobody_knows_its_workflow_any_more(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    forgetful = World(ports=replace(world.ports, registry=MemoryRegistry()))

    forgetful.pass_time(timedelta(days=31))
    forgetful.tick()

    assert is_gone(world, run_id)


def test_while_it_goes_it_cannot_be_seen(world: World) -> None:
    run_id = begin(bulky(world), "three")
    world.finish(run_id)
    world.blobs.down = True
    with pytest.raises(UnavailableError):
        world.dispatch(DeleteRun(run_id=run_id))
    world.blobs.down = False

    with pytest.raises(NotFoundError, match="has been deleted"):
        show_run(world.ports, run_id)

    world.pass_time(2 * A_MINUTE)
    world.tick()
    assert is_gone(world, run_id)


def test_a_run_that_is_rerun_as_its_days_are_over_is_left_alone(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.pass_time(timedelta(days=31))
    world.persistence.meanwhile(lambda: world.dispatch(RerunFrom(run_id=run_id, stage_id="third")))

    result = world.tick()

    assert (result.retired, result.failed) == (0, 0)
    assert world.finish(run_id).generation == 1


def test_a_body_that_outlives_its_run_sweeps_up_after_itself(world: World) -> None:
    large = bulky(world)
    run_id = begin(large, "fan", run_id="swept")

    def ended() -> None:
        world.dispatch(CancelRun(run_id=run_id))
        world.dispatch(DeleteRun(run_id=run_id))

    world.persistence.meanwhile(lambda: None, ended)
    result = execute(large, run_id, "left")

    assert result.outcome is JobOutcome.DISCARDED
    assert is_gone(world, run_id)


def test_whoever_would_rerun_it_meanwhile_leaves_nothing_behind(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.persistence.meanwhile(lambda: world.dispatch(DeleteRun(run_id=run_id)))

    with pytest.raises(NotFoundError):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="first"))

    assert is_gone(world, run_id)


def test_while_it_goes_nothing_of_it_is_kept_for_a_rerun(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.dispatch(RetireRun(run_id=run_id))

    with pytest.raises(NotFoundError, match="has been deleted"):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="first"))

    assert world.persistence.past(run_id) == []
    world.dispatch(DeleteRun(run_id=run_id))


def test_a_tick_that_wakes_up_late_does_not_remove_what_was_rerun_since(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.pass_time(timedelta(days=31))
    seen = world.run(run_id)
    world.dispatch(RerunFrom(run_id=run_id, stage_id="third"))
    world.finish(run_id)

    gone = retire(world.kernel, seen)

    assert not gone
    assert world.run(run_id).retired_at is None


def test_whoever_deletes_late_leaves_a_run_alone_that_has_the_id_by_now(world: World) -> None:
    run_id = begin(bulky(world), "three")

    gone = step(world.kernel, run_id)

    assert gone
    assert bulky(world).finish(run_id).status is Status.COMPLETED
