"""Removing a run that is over, with all that belongs to it, a bounded batch at a time."""

from kernel.commands.erase_run import EraseRun
from kernel.commands.mark_run import MarkRun
from kernel.commands.retire_run import RetireRun
from kernel.decisions.due import retirement
from kernel.dispatch import Kernel
from kernel.errors import NotFoundError
from kernel.model.run import Run
from kernel.ports.persistence import Head

# What one step removes at most, of records and of blobs.
A_BATCH = 500


def retire(kernel: Kernel, run: Run) -> bool:
    """Take one step if the run's days are over; return whether it is gone.

    Whoever dies between two steps leaves the run due, and the tick goes on.
    """
    if run.retired_at is None:
        days = retirement(run, policy=kernel.policy)
        is_time = days is not None and days <= kernel.ports.clock.now()
        if not is_time or not _begun(kernel, run):
            kernel.dispatch(MarkRun(seen=Head(run=run)))
            return False
    return step(kernel, run.id)


def sweep(kernel: Kernel, run_id: str) -> None:
    """Remove what a late worker has left, if its run was deleted while it worked."""
    try:
        if kernel.ports.persistence.run(run_id).retired_at is None:
            return
    except NotFoundError:
        pass
    kernel.ports.blobs.purge(f"runs/{run_id}/", limit=A_BATCH)


def _begun(kernel: Kernel, run: Run) -> bool:
    return kernel.dispatch(RetireRun(run_id=run.id, version=run.version)).retired


def step(kernel: Kernel, run_id: str) -> bool:
    """Remove a batch of what is left of a retired run; return whether the run is gone.

    Blobs go first, as the records say where they are; the run itself goes last. Another run that
    has the id since is left alone.
    """
    if not _is_going(kernel, run_id):
        return True
    if kernel.ports.blobs.purge(f"runs/{run_id}/", limit=A_BATCH):
        return False
    if kernel.ports.persistence.erase(run_id, limit=A_BATCH):
        return False
    return kernel.dispatch(EraseRun(run_id=run_id)).erased


def _is_going(kernel: Kernel, run_id: str) -> bool:
    try:
        return kernel.ports.persistence.run(run_id).retired_at is not None
    except NotFoundError:
        return False
