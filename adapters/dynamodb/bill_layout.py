"""Where calls and bills lie, and what a commit does to them.

A run's bill is an item of its own with one number in it, so that a run that calls no model has
none, and siblings meet on nothing larger. What each stage has spent is an item beside it.
"""

from collections.abc import Sequence
from math import ceil

from adapters.dynamodb import items, keys, spellings
from adapters.dynamodb.conditions import clauses
from adapters.dynamodb.keys import Shards
from adapters.dynamodb.operations import MISSING, Check, Operation, Put, Sign, Update
from kernel.model.call import Tally
from kernel.model.change import AddSpending, AddToBill, BillChange, SaveCall, SetLimit


def bill_parts(change: BillChange, shards: Shards) -> Sequence[Operation]:
    """Return the operations that *change* is."""
    match change:
        case SaveCall():
            return [_save_call(change)]
        case AddToBill():
            return _add_to_bill(change)
        case SetLimit():
            return [_set_limit(change)]
        case AddSpending():
            return [_add_spending(change, shards)]


def _save_call(change: SaveCall) -> Put:
    call, was = change.call, change.was
    path, form = spellings.CALL.find("state")
    known = Check(path=("call", *path), sign=Sign.SAME, value=form.write(was))
    return Put(
        key=keys.call_key(call.run_id, call.stage_id, call.id),
        item=items.call_item(call),
        requires=(MISSING if was is None else (known,),),
    )


def _add_to_bill(change: AddToBill) -> Sequence[Update]:
    (committed,), _ = spellings.BILL.find("committed")
    return [
        Update(
            key=keys.bill_key(change.run_id),
            requires=tuple(clauses(change.requires, spellings.BILL, root=None)),
            adds={committed: change.adds.committed},
        ),
        Update(
            key=keys.bill_key(change.run_id, change.stage_id),
            requires=(),
            adds=_numbers(change.adds),
        ),
    ]


def _set_limit(change: SetLimit) -> Update:
    path, form = spellings.BILL.find("limit")
    return Update(
        key=keys.bill_key(change.run_id),
        requires=tuple(clauses(change.requires, spellings.BILL, root=None)),
        sets={path: form.write(change.limit)},
    )


def _add_spending(change: AddSpending, shards: Shards) -> Update:
    spent = change.spending
    shard = shards.spent_shard(spent.run_id)
    return Update(
        key=keys.spending_key(shard, spent.month, spent.topic, spent.run_id),
        requires=(),
        sets={
            ("spent",): spellings.SPENDING.write(spent),
            ("expires_at",): ceil(spent.expires_at.timestamp()),
        },
        adds=_numbers(spent.tally),
    )


def _numbers(tally: Tally) -> dict[str, int]:
    return {name: number for name, number in spellings.TALLY.write(tally).items() if number}
