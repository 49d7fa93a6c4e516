"""The last of several to settle moves the run on; the mark goes only after that."""

import pytest

from kernel.commands.mark_stage import MarkStage
from kernel.errors import ConditionFailedError, UnavailableError
from kernel.model.status import Status
from kernel.procedures.follow_up import follow_up
from tests.support.builders import a_stage
from tests.support.moves import A_MINUTE, begin, claimed, execute, settled, success
from tests.support.world import World

TWO = success({"value": 2})


def test_a_stage_that_is_not_the_last_moves_nothing_and_is_marked(world: World) -> None:
    run_id = begin(world, "fan")
    stage = settled(world, run_id, "left", TWO)

    follow_up(world.kernel, stage)

    left = world.stages(run_id)["left"]
    assert world.run(run_id).status is Status.RUNNING
    assert (left.unadvanced, left.due_at) == (False, None)


def test_the_last_stage_moves_the_run_on(world: World) -> None:
    run_id = begin(world, "fan")
    execute(world, run_id, "left")
    stage = settled(world, run_id, "right", TWO)

    follow_up(world.kernel, stage)

    assert world.run(run_id).status is Status.COMPLETED


def test_two_who_settle_at_once_move_the_run_on_between_them(world: World) -> None:
    run_id = begin(world, "fan")
    left = settled(world, run_id, "left", TWO)
    right = settled(world, run_id, "right", TWO)

    follow_up(world.kernel, left)
    follow_up(world.kernel, right)

    assert world.run(run_id).status is Status.COMPLETED
    assert {one.unadvanced for one in world.stages(run_id).values()} == {False}


def test_a_worker_that_dies_before_the_transition_leaves_the_stage_due(world: World) -> None:
    run_id = begin(world, "fan")
    execute(world, run_id, "left")
    stage = settled(world, run_id, "right", TWO)
    world.persistence.refuse(UnavailableError("The store is away."))

    with pytest.raises(UnavailableError):
        follow_up(world.kernel, stage)

    right = world.stages(run_id)["right"]
    assert right.unadvanced
    assert right.due_at is not None
    assert right.due_at <= world.now + A_MINUTE


def test_a_transition_that_is_lost_to_conflicts_leaves_the_stage_due(world: World) -> None:
    run_id = begin(world, "fan")
    execute(world, run_id, "left")
    stage = settled(world, run_id, "right", TWO)
    refusal = ConditionFailedError("Somebody was there first.")
    world.persistence.refuse(refusal, times=world.policy.conflict_tries)

    with pytest.raises(Exception, match=r"run\.transition lost"):
        follow_up(world.kernel, stage)

    assert world.stages(run_id)["right"].unadvanced


def test_a_stage_alone_in_its_group_leaves_nothing_to_do(world: World) -> None:
    run_id = begin(world, "three")
    stage = settled(world, run_id, "first", TWO)
    before = len(world.persistence.commits)

    follow_up(world.kernel, stage)

    assert len(world.persistence.commits) == before


def test_a_stage_that_is_not_over_leaves_nothing_to_do(world: World) -> None:
    run_id = begin(world, "fan")
    held = claimed(world, run_id, "left")
    before = len(world.persistence.commits)

    follow_up(world.kernel, held.stage)

    assert len(world.persistence.commits) == before


def test_a_stage_that_is_gone_leaves_nothing_to_do(world: World) -> None:
    ghost = a_stage(run_id="nobody", solo=False, status=Status.COMPLETED)

    follow_up(world.kernel, ghost)

    assert world.persistence.commits == []


def test_a_stage_that_was_marked_meanwhile_is_not_marked_again(world: World) -> None:
    run_id = begin(world, "fan")
    stage = settled(world, run_id, "left", TWO)
    seen = world.persistence.standing(stage.key)
    world.dispatch(MarkStage(seen=seen, advanced=True))
    before = len(world.persistence.commits)

    follow_up(world.kernel, stage)

    assert len(world.persistence.commits) == before
