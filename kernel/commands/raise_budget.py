"""Give a run another budget, and let the stages go on that wait for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from kernel.authoring.workflow import Workflow
from kernel.decisions.bells import poll_bell
from kernel.decisions.reading import unless_retired
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import InvalidInputError, NotFoundError
from kernel.model.bell import Bell
from kernel.model.call import Bill
from kernel.model.change import RequireRun, SetLimit, absent, at_most
from kernel.model.money import dollars, fault_of, nanos
from kernel.model.status import Status
from kernel.ports.persistence import Snapshot


@dataclass(frozen=True, kw_only=True)
class RaiseBudgetResult:
    """Both in US dollars. *committed*: what is spent or held back."""

    limit: Decimal
    committed: Decimal


@dataclass(frozen=True, kw_only=True)
class RaiseBudget(Command[RaiseBudgetResult]):
    """*limit*, in US dollars, in place of the budget that the run has, if it has any.

    A run that is over keeps it for a rerun.
    """

    name = "run.raiseBudget"

    run_id: str
    limit: Decimal


def handle(command: RaiseBudget, context: Context) -> Outcome[RaiseBudgetResult]:
    """Bells may be lost: stages that wait look for themselves, now and then."""
    _refuse(command.run_id, fault_of(command.limit))
    made = context.ports.persistence.snapshot(command.run_id)
    unless_retired(made.run)
    bill = context.ports.persistence.bill(command.run_id) or Bill(run_id=command.run_id)
    limit = nanos(command.limit)
    if limit < bill.committed:
        gone = f"{dollars(bill.committed).normalize():f}"
        _refuse(command.run_id, f"${gone} is spent or held back already, which is more")
    return Outcome(
        result=RaiseBudgetResult(limit=command.limit, committed=dollars(bill.committed)),
        changes=(
            SetLimit(run_id=command.run_id, limit=limit, requires=(at_most("committed", limit),)),
            RequireRun(run_id=command.run_id, requires=(absent("retired_at"),)),
        ),
        bells=tuple(_bells(made, _workflow(made, context))),
    )


def _refuse(run_id: str, fault: str) -> None:
    if fault:
        message = f"Run {run_id!r} cannot be given that budget: {fault}."
        raise InvalidInputError(message, run_id=run_id, problems=[fault])


def _bells(made: Snapshot, workflow: Workflow | None) -> Iterator[Bell]:
    for stage in made.current if made.run.is_open else ():
        waits = stage.suspension
        if stage.status is Status.SUSPENDED and waits is not None and waits.wanted is not None:
            yield poll_bell(stage, workflow, at=None)


def _workflow(made: Snapshot, context: Context) -> Workflow | None:
    """Return what the bells go by, where it is known here and has the stages that wait."""
    try:
        workflow = context.ports.registry.workflow(made.run.workflow_id)
        for stage in made.current:
            workflow.stage(stage.id)
    except NotFoundError:
        return None
    return workflow
