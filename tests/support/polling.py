"""Runs with a suspended stage, for tests of what its polls may come to."""

from datetime import timedelta
from typing import TypeAlias

from kernel.authoring import Failed, NotReady, Ready, StageContext, Suspend, batch_stage
from kernel.model.stage import Suspension
from tests.support.moves import A_MINUTE, begin_alone, execute
from tests.support.turns import Turns
from tests.support.workflows import Number, Ticket
from tests.support.world import World

Answer: TypeAlias = Ready[Number] | NotReady | Failed
NINE = Ready(Number(value=9))


def suspend(world: World, *answers: Answer | Exception) -> str:
    """Start a stage whose check answers *answers*, one a poll; return its run's id."""
    turns = Turns[Answer](*answers)

    @batch_stage(id="only")
    class Asking:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=7), max_wait=timedelta(hours=1))

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Answer:
            return turns.take()

    run_id = begin_alone(world, Asking)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)
    return run_id


def waits_of(world: World, run_id: str, stage_id: str = "only") -> Suspension:
    """Return what the suspended stage waits for."""
    waits = world.stages(run_id)[stage_id].suspension
    assert waits is not None
    return waits
