"""Remove what is left of a retired run: its own record."""

from dataclasses import dataclass

from kernel.dispatch import Command, Context, Outcome
from kernel.errors import NotFoundError
from kernel.model.change import DeleteRun, equals, present


@dataclass(frozen=True, kw_only=True)
class EraseRunResult:
    """*erased* is true where the run is gone, by this call or by another."""

    erased: bool


@dataclass(frozen=True, kw_only=True)
class EraseRun(Command[EraseRunResult]):
    """Dispatched when nothing else of the run is there any more."""

    name = "run.erase"

    run_id: str


def handle(command: EraseRun, context: Context) -> Outcome[EraseRunResult]:
    try:
        run = context.ports.persistence.run(command.run_id)
    except NotFoundError:
        return Outcome(result=EraseRunResult(erased=True))
    if run.retired_at is None:
        return Outcome(result=EraseRunResult(erased=False))
    requires = (present("retired_at"), equals("generation", run.generation))
    change = DeleteRun(run_id=run.id, requires=requires)
    return Outcome(result=EraseRunResult(erased=True), changes=(change,))
