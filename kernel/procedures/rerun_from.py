"""Rerun a run that is over from any of its stages; what was, stays readable."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kernel.commands.rerun_run import RerunRun, RerunRunResult
from kernel.decisions.reading import unless_retired
from kernel.dispatch import Command, Kernel
from kernel.errors import ConditionFailedError, ConflictError, NotFoundError
from kernel.model.change import KeepPast, RequireRun, absent
from kernel.ports.persistence import Snapshot

# One commit of the store takes a hundred writes; each of these may hold an output.
AT_ONCE: Final = 25


@dataclass(frozen=True, kw_only=True)
class RerunFromResult:
    """*generation* is the new one; *rerun* is false where the key had made it before."""

    run_id: str
    generation: int
    rerun: bool


@dataclass(frozen=True, kw_only=True)
class RerunFrom(Command[RerunFromResult]):
    """Run *stage_id* and its siblings again, and all that follows.

    Args:
        idempotency_key: The caller's, for this run: repeated, it reruns nothing again.
    """

    name = "run.rerunFrom"

    run_id: str
    stage_id: str
    idempotency_key: str | None = None


def rerun_from(command: RerunFrom, kernel: Kernel) -> RerunFromResult:
    """Keep what will be replaced, then begin anew.

    Raises:
        NotFoundError: There is no such run, or its workflow has no such stage.
        IllegalTransitionError: The run is not over, or an earlier stage has not completed.
        IdempotencyConflictError: The key was used to rerun from another stage.
        ConflictError: Others kept rerunning it.
    """
    for _ in range(kernel.policy.conflict_tries):
        made = _tried(command, kernel)
        if made is not None and not made.overtaken:
            return RerunFromResult(
                run_id=command.run_id, generation=made.generation, rerun=made.rerun
            )
    raise ConflictError(f"Run {command.run_id!r} is being rerun all the time by others.")


def _tried(command: RerunFrom, kernel: Kernel) -> RerunRunResult | None:
    """Return what came of it; None where the run began to be removed meanwhile."""
    seen = kernel.ports.persistence.snapshot(command.run_id)
    unless_retired(seen.run)
    # A stage that is not defined any more is refused below: a key that was used counts first.
    with suppress(NotFoundError):
        workflow = kernel.ports.registry.workflow(seen.run.workflow_id)
        group = workflow.group_of(command.stage_id)
        if seen.run.status.is_terminal and not _keep(kernel, seen, group):
            return None
    key = command.idempotency_key or None
    return kernel.dispatch(RerunRun(seen=seen, stage_id=command.stage_id, key=key))


def _keep(kernel: Kernel, seen: Snapshot, group: int) -> bool:
    """Copy the stages from *group* on. A run that is over does not change them any more.

    The copies are made first: a crash in between leaves some that say what is true anyway.
    Returns whether the run is there: what is kept while it is removed would stay for ever.
    """
    replaced = [KeepPast(stage=stage) for stage in seen.stages if stage.group >= group]
    there = RequireRun(run_id=seen.run.id, requires=(absent("retired_at"),))
    try:
        for nth in range(0, len(replaced), AT_ONCE):
            kernel.ports.persistence.commit([there, *replaced[nth : nth + AT_ONCE]])
    except ConditionFailedError:
        return False
    return True
