"""Invariants that are about every write: seen on all that one busy day commits."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kernel.model.change import Change, UpdateRun, UpdateStage
from kernel.model.status import Status
from kernel.procedures.poll_stages import PollStages
from tests.promises.scenes import cancel, rerun
from tests.support.calling import asked
from tests.support.moves import A_MINUTE, begin, claimed
from tests.support.world import World

TOKENS: Final = {"lease.token", "suspension.lease.token", "suspension.callback_digest"}


def a_busy_day(world: World) -> None:
    """Let happen whatever can: stages end in each way, wait, are lost, are fenced, made anew."""
    asked(world).answer({"value": 1})
    for workflow_id in ("three", "fan", "diamond", "failing", "waiting"):
        world.finish(begin(world, workflow_id))
    for workflow_id, stage_id in (("three", "first"), ("fan", "left"), ("waiting", "first")):
        run_id = begin(world, workflow_id)
        claimed(world, run_id, stage_id, token="lost")
        world.pass_time(10 * A_MINUTE)
        world.tick()
        world.dispatch(PollStages())
        cancel(world, run_id)
        rerun(world, run_id, stage_id)
        world.finish(run_id)


def updates(world: World) -> Iterator[UpdateRun | UpdateStage]:
    changes: Iterator[Change] = (
        change for commit in world.persistence.commits for change in commit
    )
    return (change for change in changes if isinstance(change, UpdateRun | UpdateStage))


def fields(change: UpdateRun | UpdateStage) -> set[str]:
    return {condition.field for condition in change.requires}


def test_i02_what_becomes_of_an_attempt_is_written_under_its_token(world: World) -> None:
    world.policy = replace(world.policy, published=("*",))
    a_busy_day(world)

    made = [
        change
        for change in updates(world)
        if isinstance(change, UpdateStage)
        and "status" in change.writes
        and change.stage.status not in {Status.RUNNING, Status.CANCELLED}
    ]

    assert {change.stage.status for change in made} == {
        Status.PENDING,
        Status.SUSPENDED,
        Status.COMPLETED,
        Status.FAILED,
    }
    assert [change for change in made if not fields(change) & TOKENS] == []


def test_i03_every_write_of_a_status_requires_the_one_that_it_starts_from(world: World) -> None:
    world.policy = replace(world.policy, published=("*",))
    a_busy_day(world)

    moves = [change for change in updates(world) if "status" in change.writes]
    others = [change for change in updates(world) if "status" not in change.writes]

    assert len(moves) > 50
    # A run that is closing is not over, and nothing else can become of it.
    assert [change for change in moves if not fields(change) & {"status", "closing"}] == []
    assert [change for change in others if not fields(change) & {"status", "version"}] == []
