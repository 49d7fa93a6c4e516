"""Put a call on the bill that was made elsewhere, and has ended."""

from dataclasses import dataclass

from kernel.decisions.spending import spent
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import NotFoundError
from kernel.model.call import ModelCall
from kernel.model.change import AddSpending, AddToBill, RequireRun, SaveCall, absent


@dataclass(frozen=True, kw_only=True)
class RecordCallResult:
    """*recorded* is false where it is on the bill already, or its run is gone."""

    recorded: bool


@dataclass(frozen=True, kw_only=True)
class RecordCall(Command[RecordCallResult]):
    """*call*, which is not in flight."""

    name = "call.record"

    call: ModelCall


def handle(command: RecordCall, context: Context) -> Outcome[RecordCallResult]:
    call = command.call
    if not context.is_first_try and not _is_wanted(call, context):
        return Outcome(result=RecordCallResult(recorded=False))
    return Outcome(
        result=RecordCallResult(recorded=True),
        changes=(
            SaveCall(call=call),
            AddToBill(run_id=call.run_id, stage_id=call.stage_id, adds=call.tally),
            AddSpending(spending=spent(call, context)),
            RequireRun(run_id=call.run_id, requires=(absent("retired_at"),)),
        ),
    )


def _is_wanted(call: ModelCall, context: Context) -> bool:
    if context.ports.persistence.call(call.run_id, call.stage_id, call.id) is not None:
        return False
    try:
        return context.ports.persistence.run(call.run_id).retired_at is None
    except NotFoundError:
        return False
