"""A run that is over can be set aside for removal; then it can only go."""

import pytest

from kernel.commands.retire_run import RetireRun, RetireRunResult
from kernel.errors import IllegalTransitionError, NotFoundError
from kernel.model.change import UpdateRun
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.delete_run import DeleteRun
from kernel.procedures.rerun_from import RerunFrom
from tests.support.moves import begin
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)


@pytest.fixture
def run_id(world: World) -> str:
    run_id = begin(world, "three")
    world.finish(run_id)
    return run_id


def test_a_run_that_is_over_is_retired_once(world: World, run_id: str) -> None:
    first = world.dispatch(RetireRun(run_id=run_id))
    commits = len(world.persistence.commits)

    second = world.dispatch(RetireRun(run_id=run_id))

    assert first == second == RetireRunResult(retired=True)
    assert len(world.persistence.commits) == commits
    assert world.run(run_id).retired_at == world.now
    assert world.run(run_id).due_at == world.now + world.policy.grace


def test_a_run_that_is_not_over_is_not_retired(world: World) -> None:
    run_id = begin(world, "three")

    with pytest.raises(IllegalTransitionError, match="is RUNNING; cancel it before"):
        world.dispatch(RetireRun(run_id=run_id))

    assert world.run(run_id).retired_at is None


def test_a_run_with_something_to_tell_stays(world: World) -> None:
    world.sink.down = True
    run_id = begin(world, "three")
    world.dispatch(CancelRun(run_id=run_id))

    result = world.dispatch(RetireRun(run_id=run_id))

    world.sink.down = False
    assert result == RetireRunResult(retired=False)
    assert world.run(run_id).retired_at is None


def test_a_retirement_requires_that_nothing_has_changed(world: World, run_id: str) -> None:
    world.dispatch(RetireRun(run_id=run_id))

    (change,) = world.persistence.commits[-1]
    assert isinstance(change, UpdateRun)
    assert {each.field for each in change.requires} >= {
        *("status", "closing", "retired_at", "generation", "version"),
    }


def test_who_reruns_a_run_at_the_same_moment_keeps_it(world: World, run_id: str) -> None:
    world.persistence.meanwhile(lambda: world.dispatch(RerunFrom(run_id=run_id, stage_id="third")))

    with pytest.raises(IllegalTransitionError):
        world.dispatch(RetireRun(run_id=run_id))

    assert world.run(run_id).retired_at is None
    world.finish(run_id)


def test_a_retired_run_cannot_be_rerun(world: World, run_id: str) -> None:
    world.dispatch(RetireRun(run_id=run_id))

    with pytest.raises(NotFoundError, match="has been deleted"):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="third"))

    world.dispatch(DeleteRun(run_id=run_id))


def test_a_run_that_has_changed_since_it_was_read_stays(world: World, run_id: str) -> None:
    version = world.run(run_id).version

    stale = world.dispatch(RetireRun(run_id=run_id, version=version - 1))
    fresh = world.dispatch(RetireRun(run_id=run_id, version=version))

    assert (stale.retired, fresh.retired) == (False, True)
