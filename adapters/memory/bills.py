"""Calls and bills in dictionaries; `MemoryPersistence` holds the lock around them."""

from collections.abc import Sequence
from dataclasses import replace

from kernel.errors import ConditionFailedError
from kernel.model.call import Bill, ModelCall, Spending, Tally
from kernel.model.change import (
    AddSpending,
    AddToBill,
    BillChange,
    Condition,
    SaveCall,
    SetLimit,
)

_CallId = tuple[str, str]


class MemoryBills:
    """What runs have spent."""

    def __init__(self) -> None:
        self._bills: dict[str, Bill] = {}
        self._calls: dict[str, dict[_CallId, ModelCall]] = {}
        self._spent: dict[tuple[str, str, str], Spending] = {}

    def bill(self, run_id: str) -> Bill | None:
        return self._bills.get(run_id)

    def call(self, run_id: str, stage_id: str, call_id: str) -> ModelCall | None:
        return self._calls.get(run_id, {}).get((stage_id, call_id))

    def calls(self, run_id: str, stage_id: str | None) -> list[ModelCall]:
        kept = self._calls.get(run_id, {})
        return [kept[id_] for id_ in sorted(kept) if stage_id in {None, id_[0]}]

    def spending(self, topic: str, month: str) -> list[Spending]:
        found = (each for each in self._spent.values() if each.month == month)
        return [each for each in found if f"{each.topic}.".startswith(f"{topic}.")]

    def forget(self, run_id: str) -> None:
        self._bills.pop(run_id, None)
        self._calls.pop(run_id, None)

    def check(self, change: BillChange) -> None:
        """Raise `ConditionFailedError` where *change* may not happen."""
        match change:
            case SaveCall(call=call, was=was):
                known = self.call(call.run_id, call.stage_id, call.id)
                if (known.state if known else None) is not was:
                    raise ConditionFailedError(f"Call {call.id!r} is not as it was.")
            case AddToBill(run_id=run_id, requires=requires):
                _require_each(self._bill(run_id), requires)
            case SetLimit(run_id=run_id, requires=requires):
                _require_each(self._bill(run_id), requires)
            case AddSpending():
                pass

    def apply(self, change: BillChange) -> None:
        match change:
            case SaveCall(call=call):
                self._calls.setdefault(call.run_id, {})[call.stage_id, call.id] = call
            case AddToBill(run_id=run_id, stage_id=stage_id, adds=adds):
                bill = self._bill(run_id)
                stages = {**bill.stages, stage_id: bill.stages.get(stage_id, Tally()) + adds}
                committed = bill.committed + adds.committed
                self._bills[run_id] = replace(bill, committed=committed, stages=stages)
            case SetLimit(run_id=run_id, limit=limit):
                self._bills[run_id] = replace(self._bill(run_id), limit=limit)
            case AddSpending(spending=more):
                key = (more.month, more.topic, more.run_id)
                before = self._spent[key].tally if key in self._spent else Tally()
                self._spent[key] = replace(more, tally=before + more.tally)

    def _bill(self, run_id: str) -> Bill:
        return self._bills.get(run_id) or Bill(run_id=run_id)


def _require_each(bill: Bill, requires: Sequence[Condition]) -> None:
    for condition in requires:
        if not condition.holds(bill):
            message = f"{condition.field} is not {condition.test} {condition.value}."
            raise ConditionFailedError(message)
