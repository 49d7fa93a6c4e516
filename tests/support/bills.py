"""Words to talk about calls of models in a world, and what they cost."""

from dataclasses import replace
from typing import Any

from kernel.commands.begin_call import BeginCall
from kernel.commands.settle_call import SettleCall
from kernel.model.call import Bill, CallState, ModelCall
from kernel.model.change import SetLimit
from kernel.ports.persistence import Standing
from tests.support.builders import a_call
from tests.support.moves import MINE
from tests.support.world import World


def call_of(world: World, held: Standing, **given: Any) -> ModelCall:
    """Return a call of the attempt that holds the stage, not begun yet; it may cost 500."""
    stage = held.stage
    call = a_call(
        id=f"{stage.job_id}:0000:0000",
        run_id=stage.run_id,
        workflow_id=stage.workflow_id,
        stage_id=stage.id,
        attempt=stage.attempt,
        topic=f"workflow.{stage.workflow_id}.stage.{stage.id}",
        begun_at=world.now,
        reserved=500,
    )
    return replace(call, **given)


def begin_call(
    world: World, held: Standing, call: ModelCall, *, token: str = MINE, **more: Any
) -> ModelCall:
    command = BeginCall(call=call, key=held.stage.key, token=token, **more)
    return world.dispatch(command).call


def ended(call: ModelCall, **given: Any) -> ModelCall:
    """Return *call* as it has ended, for 300 unless it is said otherwise."""
    fields: dict[str, Any] = {"state": CallState.SETTLED, "cost": 300, "input_tokens": 10}
    return replace(call, **fields | given)


def settle_call(world: World, call: ModelCall) -> bool:
    return world.dispatch(SettleCall(call=call)).settled


def bill_of(world: World, run_id: str) -> Bill:
    bill = world.persistence.bill(run_id)
    assert bill is not None
    return bill


def limit(world: World, run_id: str, amount: int) -> None:
    """Give the run a budget, in nanodollars."""
    world.persistence.commit([SetLimit(run_id=run_id, limit=amount)])


def calls_of(world: World, run_id: str) -> list[ModelCall]:
    return list(world.persistence.calls(run_id))
