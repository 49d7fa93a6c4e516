"""A table in dictionaries, with DynamoDB's manners: the simulation runs over it."""

import operator
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from adapters.dynamodb.items import OUTBOX, VERSION, Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Check, Delete, Operation, Put, Require, Sign, Update
from adapters.dynamodb.shape import Path
from kernel.errors import ConditionFailedError

# As many as DynamoDB takes.
_MOST_IN_A_TRANSACTION: Final = 100

_COMPARISONS: Final[Mapping[Sign, Callable[[Any, Any], bool]]] = {
    Sign.SAME: operator.eq,
    Sign.OTHER: operator.ne,
    Sign.LESS: operator.lt,
    Sign.AT_MOST: operator.le,
    Sign.AMONG: lambda stored, values: stored in values,
    Sign.PRESENT: lambda _stored, _value: True,
    Sign.ABSENT: lambda _stored, _value: False,
}


class MemoryItems:
    """Items are never changed in place, so those handed out may be kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: dict[Key, Item] = {}

    def get(self, key: Key) -> Item | None:
        with self._lock:
            return self._items.get(key)

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        with self._lock:
            found = {
                key.sk: item
                for key, item in self._items.items()
                if key.pk == pk and key.sk.startswith(prefix)
            }
        yield from (found[sk] for sk in sorted(found, reverse=backwards))

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        yield from self.query(pk, prefix)

    def update(self, operation: Update) -> Item:
        with self._lock:
            stored = self._items.get(operation.key)
            _check(stored, operation)
            after = _updated(stored or _bare(operation.key), operation)
            self._items[operation.key] = after
            return after

    def write(self, operations: Sequence[Operation]) -> None:
        _refuse_what_dynamodb_would(operations)
        with self._lock:
            for each in operations:
                _check(self._items.get(each.key), each)
            for each in operations:
                self._do(each)

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        with self._lock:
            found = [key for key in self._items if key.pk == pk and key.sk != keep]
            for key in found[:limit]:
                del self._items[key]
            return len(found) > limit

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        with self._lock:
            found = [
                item
                for item in self._items.values()
                if item.get("due_shard") == shard and item["due_at"] <= by
            ]
        return sorted(found, key=lambda item: str(item["due_at"]))[:limit]

    def _do(self, operation: Operation) -> None:
        match operation:
            case Put(key=key, item=item):
                self._items[key] = item
            case Update(key=key):
                self._items[key] = _updated(self._items.get(key) or _bare(key), operation)
            case Delete(key=key):
                self._items.pop(key, None)
            case Require():
                pass


def _refuse_what_dynamodb_would(operations: Sequence[Operation]) -> None:
    if len({each.key for each in operations}) < len(operations):
        raise ValueError("Two operations of one transaction are for the same item.")
    if len(operations) > _MOST_IN_A_TRANSACTION:
        raise ValueError(f"A transaction cannot hold {len(operations)} operations.")


def _check(item: Item | None, operation: Operation) -> None:
    stored = item or {}
    for clause in operation.requires:
        if not any(_holds(check, stored) for check in clause):
            raise ConditionFailedError(
                "A record is not as the write requires.", items=[operation.key.sk]
            )


def _bare(key: Key) -> Item:
    return {"pk": key.pk, "sk": key.sk}


def _holds(check: Check, item: Item) -> bool:
    stored: Any = item
    for name in check.path:
        if name not in stored:
            return check.sign is Sign.ABSENT
        stored = stored[name]
    return _COMPARISONS[check.sign](stored, check.value)


def _updated(item: Item, update: Update) -> Item:
    for path, value in update.sets.items():
        item = _with(item, path, value)
    for path in update.removes:
        item = _without(item, path)
    outbox = [*([] if update.clears else item.get(OUTBOX, [])), *update.appends]
    rest = {name: value for name, value in item.items() if name != OUTBOX}
    return {
        **rest,
        **({OUTBOX: outbox} if outbox else {}),
        **({VERSION: item[VERSION] + 1} if update.counts else {}),
        **{name: item.get(name, 0) + number for name, number in update.adds.items()},
    }


def _with(item: Item, path: Path, value: Any) -> Item:
    name, *rest = path
    return {**item, name: _with(item[name], tuple(rest), value) if rest else value}


def _without(item: Item, path: Path) -> Item:
    name, *rest = path
    if rest:
        return {**item, name: _without(item[name], tuple(rest))}
    return {key: value for key, value in item.items() if key != name}
