"""Write down how a call of a model has ended, and what it cost.

No lease is asked for: a worker that lost it has spent the money all the same.
"""

from dataclasses import dataclass

from kernel.decisions.spending import spent
from kernel.dispatch import Command, Context, Outcome
from kernel.model.call import CallState, ModelCall, Tally
from kernel.model.change import AddSpending, AddToBill, SaveCall


@dataclass(frozen=True, kw_only=True)
class SettleCallResult:
    """*settled* is false where it had ended before, or its run is gone."""

    settled: bool


@dataclass(frozen=True, kw_only=True)
class SettleCall(Command[SettleCallResult]):
    """*call* as it has ended."""

    name = "call.settle"

    call: ModelCall


def handle(command: SettleCall, context: Context) -> Outcome[SettleCallResult]:
    call = command.call
    if not context.is_first_try:
        known = context.ports.persistence.call(call.run_id, call.stage_id, call.id)
        if known is None or known.has_ended:
            return Outcome(result=SettleCallResult(settled=False))
    held = Tally(in_flight=1, held=call.reserved)
    return Outcome(
        result=SettleCallResult(settled=True),
        changes=(
            SaveCall(call=call, was=CallState.BEGUN),
            AddToBill(run_id=call.run_id, stage_id=call.stage_id, adds=call.tally - held),
            AddSpending(spending=spent(call, context)),
        ),
    )
