"""Failing a run that nothing can move: its definition is gone, or its stages are."""

from kernel.commands.close_run import CloseRun
from kernel.decisions.due import waiting_since
from kernel.dispatch import Kernel
from kernel.errors import NotFoundError
from kernel.model.run import Closing, Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.procedures.cancel_run import finish


def end_of_patience(
    kernel: Kernel, run: Run, stage: StageRecord | None, error: NotFoundError
) -> bool:
    """Fail the run if it, or *stage*, has waited too long for what is not here.

    Until then it is left alone: while a deployment is rolling out, another process may know more.
    """
    now, policy = kernel.ports.clock.now(), kernel.policy
    since = waiting_since(run, stage, now=now, policy=policy)
    if since is None or since + policy.definition_grace > now:
        return False
    return _end(kernel, run, code=error.code, reason=error.message)


def end_stuck(kernel: Kernel, run: Run) -> bool:
    """Fail the run if its group has no stage at all, so that nothing will ever move it."""
    made = kernel.ports.persistence.group(run.id, run.cursor)
    if any(stage.generation == run.generation for stage in made):
        return False
    reason = (
        f"Run {run.id!r} has no stage in group {run.cursor}, where it is; nothing can move it."
        " Rerun it from an earlier stage."
    )
    return _end(kernel, run, code="STUCK", reason=reason)


def _end(kernel: Kernel, run: Run, *, code: str, reason: str) -> bool:
    closing = Closing(target=Status.FAILED, reason=reason, code=code)
    closed = kernel.dispatch(CloseRun(run_id=run.id, closing=closing, version=run.version))
    if closed.generation is None:
        return False
    finish(kernel, run.id, closed.generation)
    return True
