"""Every arrow of the state machines is taken by something that the engine does."""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final, TypeAlias

import pytest

from kernel.authoring import Failed, Fatal, Ready, Retry, StageContext, stage
from kernel.commands.close_run import CloseRun
from kernel.model.change import CreateRun, CreateStage, UpdateRun, UpdateStage
from kernel.model.drawing import arrows_of
from kernel.model.run import Closing, Run
from kernel.model.stage import StageRecord
from kernel.model.status import RUN_ARROWS, STAGE_ARROWS, Status
from kernel.procedures.cancel_run import CancelRun
from tests.support.moves import A_LEASE, A_MINUTE, begin, claim, finish_alone, poll
from tests.support.polling import NINE, suspend
from tests.support.workflows import Number
from tests.support.world import World

Arrow: TypeAlias = tuple[Status, Status]
Story: TypeAlias = Callable[[World], object]

STUCK: Final = Closing(target=Status.FAILED, code="STUCK", reason="Nothing can move it.")


@stage(id="only", when=lambda ctx: ctx.input.value > 0, retry=Retry(max_attempts=1))
def picky(ctx: StageContext[Number, None]) -> Number:
    return ctx.input


@stage(id="only")
def broken(ctx: StageContext[Number, None]) -> Number:
    raise Fatal("It cannot be done.")


def cancel(world: World, run_id: str) -> object:
    return world.dispatch(CancelRun(run_id=run_id))


def close_before_it_starts(world: World) -> object:
    run_id = world.create("fan", {"value": 1})
    world.dispatch(CloseRun(run_id=run_id, closing=STUCK))
    return world.finish(run_id)


def cancel_while_it_runs(world: World) -> object:
    run_id = begin(world, "fan")
    claim(world, run_id, "left")
    return cancel(world, run_id)


def lose_a_worker(world: World) -> object:
    run_id = begin(world, "fan")
    claim(world, run_id, "left")
    world.pass_time(A_LEASE + A_MINUTE)
    return world.tick()


def ask(answer: Ready[Number] | Failed) -> Story:
    def suspend_and_ask(world: World) -> object:
        return poll(world, suspend(world, answer), "only")

    return suspend_and_ask


RUNS: Final[Mapping[Arrow, Story]] = {
    (Status.PENDING, Status.RUNNING): lambda world: begin(world, "fan"),
    (Status.PENDING, Status.FAILED): close_before_it_starts,
    (Status.PENDING, Status.CANCELLED): lambda world: cancel(
        world, world.create("fan", {"value": 1})
    ),
    (Status.RUNNING, Status.COMPLETED): lambda world: finish_alone(world, picky),
    (Status.RUNNING, Status.FAILED): lambda world: finish_alone(world, broken),
    (Status.RUNNING, Status.CANCELLED): cancel_while_it_runs,
}
STAGES: Final[Mapping[Arrow, Story]] = {
    (Status.PENDING, Status.RUNNING): lambda world: claim(world, begin(world, "fan"), "left"),
    (Status.PENDING, Status.CANCELLED): lambda world: cancel(world, begin(world, "fan")),
    (Status.RUNNING, Status.PENDING): lose_a_worker,
    (Status.RUNNING, Status.SUSPENDED): lambda world: suspend(world, NINE),
    (Status.RUNNING, Status.COMPLETED): lambda world: finish_alone(world, picky),
    (Status.RUNNING, Status.FAILED): lambda world: finish_alone(world, broken),
    (Status.RUNNING, Status.CANCELLED): cancel_while_it_runs,
    (Status.RUNNING, Status.SKIPPED): lambda world: finish_alone(world, picky, value=0),
    (Status.SUSPENDED, Status.PENDING): ask(Failed("It got lost.", retryable=True)),
    (Status.SUSPENDED, Status.COMPLETED): ask(NINE),
    (Status.SUSPENDED, Status.FAILED): ask(Failed("It will never come.")),
    (Status.SUSPENDED, Status.CANCELLED): lambda world: cancel(world, suspend(world, NINE)),
}


@pytest.mark.parametrize("arrow", list(arrows_of(RUN_ARROWS)), ids=" to ".join)
def test_every_arrow_of_a_run_is_taken(world: World, arrow: Arrow) -> None:
    RUNS[arrow](world)

    assert arrow in walked(run for run in written(world) if isinstance(run, Run))


@pytest.mark.parametrize("arrow", list(arrows_of(STAGE_ARROWS)), ids=" to ".join)
def test_every_arrow_of_a_stage_is_taken(world: World, arrow: Arrow) -> None:
    STAGES[arrow](world)

    assert arrow in walked(stage for stage in written(world) if isinstance(stage, StageRecord))


def written(world: World) -> Iterator[Run | StageRecord]:
    """Yield the records as they were committed, one after the other."""
    for change in (change for commit in world.persistence.commits for change in commit):
        match change:
            case CreateRun(run=run) | UpdateRun(run=run):
                yield run
            case CreateStage(stage=stage) | UpdateStage(stage=stage):
                yield stage


def walked(records: Iterator[Run] | Iterator[StageRecord]) -> set[Arrow]:
    """Return the arrows that each of *records* took."""
    ways: dict[str, list[Status]] = {}
    for record in records:
        ways.setdefault(record.id, []).append(record.status)
    return {arrow for way in ways.values() for arrow in pairwise(way)}
