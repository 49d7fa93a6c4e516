"""The record of a retired run goes last, and only that of a retired run."""

import pytest

from kernel.commands.erase_run import EraseRun, EraseRunResult
from kernel.commands.retire_run import RetireRun
from kernel.errors import NotFoundError
from tests.support.moves import begin
from tests.support.world import World

pytestmark = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)


@pytest.fixture
def run_id(world: World) -> str:
    run_id = begin(world, "three")
    world.finish(run_id)
    return run_id


def test_a_retired_run_is_erased(world: World, run_id: str) -> None:
    world.dispatch(RetireRun(run_id=run_id))

    result = world.dispatch(EraseRun(run_id=run_id))

    assert result == EraseRunResult(erased=True)
    with pytest.raises(NotFoundError):
        world.run(run_id)


def test_a_run_that_is_kept_is_not_erased(world: World, run_id: str) -> None:
    result = world.dispatch(EraseRun(run_id=run_id))

    assert result == EraseRunResult(erased=False)
    assert world.run(run_id).status.is_terminal


def test_what_is_gone_is_erased(world: World) -> None:
    result = world.dispatch(EraseRun(run_id="nobody"))

    assert result == EraseRunResult(erased=True)
