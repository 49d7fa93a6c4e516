"""Begin to end a run from outside: from this commit on, nothing moves it but its closing."""

from dataclasses import dataclass, replace

from kernel.decisions.writing import write_run
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import absent, equals
from kernel.model.run import Closing


@dataclass(frozen=True, kw_only=True)
class CloseRunResult:
    """*generation* is the one being closed; None where there is nothing to close."""

    generation: int | None


@dataclass(frozen=True, kw_only=True)
class CloseRun(Command[CloseRunResult]):
    """*version*: close the run only if it is unchanged since."""

    name = "run.close"

    run_id: str
    closing: Closing
    version: int | None = None


def handle(command: CloseRun, context: Context) -> Outcome[CloseRunResult]:
    run = context.ports.persistence.run(command.run_id)
    if run.status.is_terminal or command.version not in {None, run.version}:
        return Outcome(result=CloseRunResult(generation=None))
    if run.closing is not None:
        return Outcome(result=CloseRunResult(generation=run.generation))
    requires = (
        equals("status", run.status),
        absent("closing"),
        equals("generation", run.generation),
        *(() if command.version is None else (equals("version", run.version),)),
    )
    change = write_run(context, run, replace(run, closing=command.closing), requires)
    return Outcome(result=CloseRunResult(generation=run.generation), changes=(change,))
