"""Write down a call of a model before it is made, and hold back from the budget what it may cost.

Only who holds the stage's lease may begin one: a worker that lost it spends no more money.
"""

from dataclasses import dataclass

from kernel.decisions.reading import standing
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import BudgetExceededError, ConflictError, UnpricedModelError
from kernel.model.call import Bill, ModelCall
from kernel.model.change import (
    AddToBill,
    Condition,
    RequireStage,
    SaveCall,
    absent,
    at_most,
    equals,
)
from kernel.model.lease import Lease
from kernel.model.money import dollars
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status


@dataclass(frozen=True, kw_only=True)
class BeginCallResult:
    """*call* as it stands: perhaps begun before, and ended since."""

    call: ModelCall


@dataclass(frozen=True, kw_only=True)
class BeginCall(Command[BeginCallResult]):
    """*call*, by the stage that is at *key*.

    Args:
        token: Of the lease under which the stage's code runs.
        is_poll: That is the lease of a poll.
        is_priced: Somebody knows what the model charges: the reservation is more than a guess.
        is_named: Its id follows from what it is for, so that it may have been begun before.
    """

    name = "call.begin"

    call: ModelCall
    key: StageKey
    token: str
    is_poll: bool = False
    is_priced: bool = True
    is_named: bool = False


def handle(command: BeginCall, context: Context) -> Outcome[BeginCallResult]:
    call = command.call
    if command.is_named or not context.is_first_try:
        known = context.ports.persistence.call(call.run_id, call.stage_id, call.id)
        if known is not None:
            return Outcome(result=BeginCallResult(call=known))
    if not context.is_first_try:
        _refuse_without_lease(command, context)
    bill = context.ports.persistence.bill(call.run_id) or Bill(run_id=call.run_id)
    _refuse_beyond(command, bill)
    adding = AddToBill(
        run_id=call.run_id,
        stage_id=call.stage_id,
        adds=call.tally,
        requires=_within(bill, call.reserved),
    )
    held = RequireStage(key=command.key, requires=_held(command))
    return Outcome(result=BeginCallResult(call=call), changes=(SaveCall(call=call), adding, held))


def _refuse_beyond(command: BeginCall, bill: Bill) -> None:
    call = command.call
    if bill.limit is None:
        return
    if not command.is_priced:
        message = (
            f"Run {call.run_id!r} has a budget, and nobody knows what {call.model!r} charges."
            " Register the model with its prices, or run without a budget."
        )
        raise UnpricedModelError(message, run_id=call.run_id, model=call.model)
    if not bill.allows(call.reserved):
        limit, gone, wanted = (
            f"{dollars(amount).normalize():f}"
            for amount in (bill.limit, bill.committed, call.reserved)
        )
        message = (
            f"Run {call.run_id!r} may spend ${limit}, has spent or holds back ${gone}, and this"
            f" call of {call.model!r} may come to ${wanted}. Nothing was sent."
        )
        raise BudgetExceededError(
            message, run_id=call.run_id, limit=limit, committed=gone, wanted=wanted
        )


def _within(bill: Bill, reserve: int) -> tuple[Condition, ...]:
    if bill.limit is None:
        return (absent("limit"),)
    return (equals("limit", bill.limit), at_most("committed", bill.limit - reserve))


def _held(command: BeginCall) -> tuple[Condition, ...]:
    if command.is_poll:
        return (
            equals("status", Status.SUSPENDED),
            equals("suspension.lease.token", command.token),
        )
    return (equals("status", Status.RUNNING), equals("lease.token", command.token))


def _refuse_without_lease(command: BeginCall, context: Context) -> None:
    found = standing(context, command.key)
    lease = _lease(found.stage, command) if found else None
    if lease is None or lease.token != command.token:
        message = (
            f"Stage {command.call.stage_id!r} of run {command.call.run_id!r} is no longer this"
            " worker's; it may not call models."
        )
        raise ConflictError(message, run_id=command.call.run_id)


def _lease(stage: StageRecord, command: BeginCall) -> Lease | None:
    if command.is_poll:
        return stage.suspension.lease if stage.suspension else None
    return stage.lease
