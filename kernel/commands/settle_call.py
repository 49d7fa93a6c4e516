"""Write down how a call of a model has ended, and what it cost.

No lease is asked for: a worker that lost it has spent the money all the same.
"""

from dataclasses import dataclass

from kernel.decisions.spending import spent
from kernel.dispatch import Command, Context, Outcome
from kernel.model.call import CallState, ModelCall, Tally
from kernel.model.change import AddSpending, AddToBill, SaveCall, present


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
        if known is None or known.has_ended or _is_going(call, context):
            return Outcome(result=SettleCallResult(settled=False))
    held = Tally(in_flight=1, held=call.reserved)
    return Outcome(
        result=SettleCallResult(settled=True),
        changes=(
            SaveCall(call=call, was=CallState.BEGUN),
            AddToBill(
                run_id=call.run_id,
                stage_id=call.stage_id,
                adds=call.tally - held,
                # A run that is being removed may have lost it by now, and must not have it anew.
                requires=(present("committed"),),
            ),
            AddSpending(spending=spent(call, context)),
        ),
    )


def _is_going(call: ModelCall, context: Context) -> bool:
    """Whether the run's bill has been removed, and the call only not yet."""
    return context.ports.persistence.bill(call.run_id) is None
