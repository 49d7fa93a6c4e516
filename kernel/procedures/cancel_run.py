"""Stop a run, and everything under it. When it returns, nothing of the run commits any more.

The run is closed first, and only then are its stages listed: a stage that is made or claimed in
between is seen by the list, one that would be made afterwards cannot be, as its run is not open.
"""

from dataclasses import dataclass

from kernel.commands.close_run import CloseRun
from kernel.commands.fence_stage import FenceStage
from kernel.commands.finish_closing import FinishClosing
from kernel.dispatch import Command, Kernel
from kernel.model.run import Closing
from kernel.model.status import Status


@dataclass(frozen=True, kw_only=True)
class CancelRunResult:
    """*cancelled* is true where the run is CANCELLED now, by this call or by another."""

    cancelled: bool
    status: Status


@dataclass(frozen=True, kw_only=True)
class CancelRun(Command[CancelRunResult]):
    name = "run.cancel"

    run_id: str
    reason: str = ""


def cancel_run(command: CancelRun, kernel: Kernel) -> CancelRunResult:
    closing = Closing(target=Status.CANCELLED, reason=command.reason)
    closed = kernel.dispatch(CloseRun(run_id=command.run_id, closing=closing))
    if closed.generation is not None:
        finish(kernel, command.run_id, closed.generation)
    status = kernel.ports.persistence.run(command.run_id).status
    return CancelRunResult(cancelled=status is Status.CANCELLED, status=status)


def finish(kernel: Kernel, run_id: str, generation: int) -> None:
    """Fence every unfinished stage of *generation*, then end the run; also after a crash."""
    for stage in kernel.ports.persistence.snapshot(run_id).stages:
        if not stage.status.is_terminal and stage.generation <= generation:
            kernel.dispatch(FenceStage(seen=stage))
    kernel.dispatch(FinishClosing(run_id=run_id, generation=generation))
