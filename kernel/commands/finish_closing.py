"""End a run whose stages are all fenced."""

from dataclasses import dataclass

from kernel import events
from kernel.decisions.writing import write_run
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import equals, present
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.run import Closing, Run
from kernel.model.status import Status


@dataclass(frozen=True, kw_only=True)
class FinishClosingResult:
    finished: bool


@dataclass(frozen=True, kw_only=True)
class FinishClosing(Command[FinishClosingResult]):
    """*generation* is the one that was fenced."""

    name = "run.finishClosing"

    run_id: str
    generation: int


def handle(command: FinishClosing, context: Context) -> Outcome[FinishClosingResult]:
    run = context.ports.persistence.run(command.run_id)
    if run.closing is None or run.generation != command.generation:
        return Outcome(result=FinishClosingResult(finished=False))
    requires = (present("closing"), equals("generation", command.generation))
    happened = _happened(run, run.closing, context)
    change = write_run(context, run, run.closed(at=context.now), requires, happened)
    return Outcome(result=FinishClosingResult(finished=True), changes=(change,))


def _happened(run: Run, closing: Closing, context: Context) -> Event:
    if closing.target is Status.CANCELLED:
        return events.run_cancelled(run, reason=closing.reason, at=context.now)
    return events.run_failed(run, Failure.of(closing.code, closing.reason), at=context.now)
