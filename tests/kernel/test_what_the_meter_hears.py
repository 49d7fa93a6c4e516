"""The meter hears of what was committed, once, and of nothing else."""

import pytest

from kernel.errors import ConditionFailedError, UnavailableError
from kernel.model.status import Status
from tests.support.world import World


def test_of_every_commit_of_a_run_it_hears_once(world: World) -> None:
    run_id = world.create("three", {"value": 1})

    world.finish(run_id)

    assert list(world.meter.commits) == world.persistence.commits


def test_of_a_commit_that_was_lost_to_others_it_hears_when_it_was_made_anew(world: World) -> None:
    run_id = world.create("three", {"value": 1})
    world.persistence.refuse(ConditionFailedError("Somebody was faster."))

    world.answer_one()

    assert list(world.meter.commits) == world.persistence.commits
    assert world.run(run_id).status is Status.RUNNING


def test_of_a_commit_that_may_not_have_happened_it_hears_nothing(world: World) -> None:
    world.persistence.refuse(UnavailableError("Nobody answers."))

    with pytest.raises(UnavailableError):
        world.create("three", {"value": 1})

    assert list(world.meter.commits) == []
