"""What several promises begin with."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from kernel.commands.close_run import CloseRun
from kernel.model.policy import Policy
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun, CancelRunResult
from kernel.procedures.rerun_from import RerunFrom, RerunFromResult
from tests.support.moves import A_MINUTE, begin, success
from tests.support.world import World

ALL_TYPES: Final = Policy(published=("*",))
TWO: Final = success({"value": 2})


def nothing() -> None:
    """Let a commit pass undisturbed."""


def at_commit(world: World, nth: int, act: Callable[[], object]) -> None:
    """Let somebody else do *act* right before the *nth* commit from now."""
    world.persistence.meanwhile(*[nothing] * (nth - 1), act)


def cancel(world: World, run_id: str, reason: str = "") -> CancelRunResult:
    return world.dispatch(CancelRun(run_id=run_id, reason=reason))


def close(world: World, run_id: str) -> None:
    """Begin a cancel whose process dies right after its first commit."""
    world.dispatch(CloseRun(run_id=run_id, closing=Closing(target=Status.CANCELLED)))


def rerun(world: World, run_id: str, stage_id: str, key: str | None = None) -> RerunFromResult:
    command = RerunFrom(run_id=run_id, stage_id=stage_id, idempotency_key=key)
    return world.dispatch(command)


def quiet(world: World, workflow_id: str) -> str:
    """Start a run while no event can be sent."""
    world.sink.down = True
    return begin(world, workflow_id)


def ticks_for(world: World, span: timedelta) -> None:
    """Let *span* pass, with a tick every minute and nobody who answers a bell."""
    ends = world.now + span
    while world.now < ends:
        world.pass_time(A_MINUTE)
        world.tick()


def statuses(world: World, run_id: str) -> dict[str, Status]:
    return {id_: stage.status for id_, stage in world.stages(run_id).items()}
