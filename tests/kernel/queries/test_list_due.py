"""What a tick should look at; nominations may be out of date."""

import pytest

from kernel.model.stage import Poll, StageKey
from kernel.ports.persistence import Due
from kernel.queries.list_due import due_polls, due_run_ids, due_running, list_due
from tests.support.moves import A_LEASE, A_MINUTE, begin, claimed, settled, suspending
from tests.support.world import World


@pytest.fixture
def run_id(world: World) -> str:
    """A run with one stage suspended and one at work; all of it is overdue."""
    run_id = begin(world, "fan")
    settled(world, run_id, "left", suspending())
    claimed(world, run_id, "right")
    world.pass_time(A_LEASE + A_MINUTE)
    return run_id


def test_the_most_overdue_come_first_and_no_more_than_asked_for(world: World) -> None:
    early = world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)
    world.create("three", {"value": 1})
    world.pass_time(A_MINUTE)

    found = list_due(world.ports, limit=1)

    assert [due.run_id for due in found] == [early]


def test_what_is_not_due_yet_is_not_listed(world: World) -> None:
    world.create("three", {"value": 1})

    assert list_due(world.ports, limit=10) == []


def test_a_run_is_named_once_however_many_of_its_stages_are_due(world: World, run_id: str) -> None:
    assert due_run_ids(world.ports, limit=10) == [run_id]


def test_suspended_stages_are_told_from_those_at_work(world: World, run_id: str) -> None:
    stages = world.stages(run_id)

    polls, running = due_polls(world.ports, limit=9), due_running(world.ports, limit=9)

    assert polls == [Poll(workflow_id="fan", key=stages["left"].key)]
    assert running == [stages["right"].key]


def test_a_stage_that_is_gone_is_passed_over(world: World, run_id: str) -> None:
    key = StageKey(run_id="nobody", stage_id="left", group=1, solo=False)
    world.persistence.ghosts = [
        Due(run_id="nobody", at=world.now),
        Due(run_id="nobody", at=world.now, stage=key),
    ]

    polls, running = due_polls(world.ports, limit=9), due_running(world.ports, limit=9)

    world.persistence.ghosts = []
    assert (len(polls), len(running)) == (1, 1)
