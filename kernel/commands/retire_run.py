"""Begin to remove a run that is over: from this commit on, it can only go."""

from dataclasses import dataclass, replace

from kernel.decisions.writing import write_run
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import IllegalTransitionError
from kernel.model.change import absent, equals
from kernel.model.run import Run


@dataclass(frozen=True, kw_only=True)
class RetireRunResult:
    """*retired* is false where events have still to be sent, or the run has changed."""

    retired: bool


@dataclass(frozen=True, kw_only=True)
class RetireRun(Command[RetireRunResult]):
    """A run that is being rerun at the same moment is not retired, nor the other way round.

    *version*: retire the run only if it is unchanged since.
    """

    name = "run.retire"

    run_id: str
    version: int | None = None


def handle(command: RetireRun, context: Context) -> Outcome[RetireRunResult]:
    made = context.ports.persistence.snapshot(command.run_id)
    run = made.run
    if run.retired_at is not None:
        return Outcome(result=RetireRunResult(retired=True))
    if command.version not in {None, run.version}:
        return Outcome(result=RetireRunResult(retired=False))
    _refuse_unfinished(run)
    if run.outbox or any(stage.outbox for stage in made.stages):
        return Outcome(result=RetireRunResult(retired=False))
    requires = (
        equals("status", run.status),
        absent("closing"),
        absent("retired_at"),
        equals("generation", run.generation),
        equals("version", run.version),
    )
    change = write_run(context, run, replace(run, retired_at=context.now), requires)
    return Outcome(result=RetireRunResult(retired=True), changes=(change,))


def _refuse_unfinished(run: Run) -> None:
    if not run.status.is_terminal or run.closing is not None:
        message = f"Run {run.id!r} is {run.status}; cancel it before it is deleted, or wait."
        raise IllegalTransitionError(message, run_id=run.id, source=run.status)
