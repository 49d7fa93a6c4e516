"""Begin to end a run from outside: from this commit on, nothing moves it but its closing."""

from dataclasses import dataclass, replace

from kernel.decisions.writing import write_run
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import absent, equals
from kernel.model.run import Closing


@dataclass(frozen=True, kw_only=True)
class CloseRunResult:
    """*generation* is the one being closed; None where the run is over already."""

    generation: int | None


@dataclass(frozen=True, kw_only=True)
class CloseRun(Command[CloseRunResult]):
    name = "run.close"

    run_id: str
    closing: Closing


def handle(command: CloseRun, context: Context) -> Outcome[CloseRunResult]:
    run = context.ports.persistence.run(command.run_id)
    if run.status.is_terminal:
        return Outcome(result=CloseRunResult(generation=None))
    if run.closing is not None:
        return Outcome(result=CloseRunResult(generation=run.generation))
    requires = (
        equals("status", run.status),
        absent("closing"),
        equals("generation", run.generation),
    )
    change = write_run(context, run, replace(run, closing=command.closing), requires)
    return Outcome(result=CloseRunResult(generation=run.generation), changes=(change,))
