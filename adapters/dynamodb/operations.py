"""What is done to one item, as data: the language between a commit and a table."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, TypeAlias

from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.shape import Path


class Sign(StrEnum):
    """How an attribute is compared; nothing but ABSENT is true of one that is not there."""

    SAME = "="
    OTHER = "<>"
    LESS = "<"
    AT_MOST = "<="
    AMONG = "in"
    PRESENT = "exists"
    ABSENT = "does not exist"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison."""

    path: Path
    sign: Sign
    value: Any = None


# One of its checks must hold.
Clause: TypeAlias = tuple[Check, ...]

MISSING: Final[Clause] = (Check(path=("pk",), sign=Sign.ABSENT),)
# An update of what is not there would make a ghost.
THERE: Final[Clause] = (Check(path=("pk",), sign=Sign.PRESENT),)


@dataclass(frozen=True, kw_only=True)
class Put:
    """Store *item* in place of what is there, if every clause holds."""

    key: Key
    item: Item
    requires: tuple[Clause, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Update:
    """Change an item, if every clause holds.

    Args:
        sets: New values; a path of several names leads into maps.
        removes: What is taken away.
        appends: Events for the end of the outbox.
        clears: The outbox is emptied first.
        counts: The version goes up by one.
        adds: What numbers go up by; one that is not there counts as 0.
    """

    key: Key
    requires: tuple[Clause, ...]
    sets: Mapping[Path, Any] = field(default_factory=dict)
    removes: frozenset[Path] = frozenset()
    appends: tuple[str, ...] = ()
    clears: bool = False
    counts: bool = False
    adds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Delete:
    """Remove an item, if every clause holds."""

    key: Key
    requires: tuple[Clause, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Require:
    """Leave an item as it is, if every clause holds; if not, nothing of the commit happens."""

    key: Key
    requires: tuple[Clause, ...]


Operation: TypeAlias = Put | Update | Delete | Require


def merged(operations: Iterable[Operation]) -> list[Operation]:
    """Return the same work with one operation an item, as a transaction demands."""
    by_key: dict[Key, Operation] = {}
    for operation in operations:
        first = by_key.get(operation.key)
        by_key[operation.key] = _both(first, operation) if first else operation
    return list(by_key.values())


def _both(first: Operation, second: Operation) -> Operation:
    match first, second:
        case Put(), Put():
            return second
        case Update(), Update():
            return _update(first, second)
        case Require(), Require() | Update():
            return _required(second, first)
        case Update(), Require():
            return _required(first, second)
        case _:
            raise ValueError(f"{second.key} is made and changed in one commit.")


def _required(operation: Require | Update, also: Require) -> Require | Update:
    return replace(operation, requires=_all_of(also.requires, operation.requires))


def _all_of(first: tuple[Clause, ...], second: tuple[Clause, ...]) -> tuple[Clause, ...]:
    return (*first, *(each for each in second if each not in first))


def _update(first: Update, second: Update) -> Update:
    """Return both, the second one after the first; each keeps its conditions."""
    kept = {path: value for path, value in first.sets.items() if path not in second.removes}
    both = replace(
        second,
        requires=_all_of(first.requires, second.requires),
        sets={**kept, **second.sets},
        removes=(first.removes - second.sets.keys()) | second.removes,
        appends=(*first.appends, *second.appends),
        clears=first.clears or second.clears,
        counts=first.counts or second.counts,
        adds={
            name: first.adds.get(name, 0) + second.adds.get(name, 0)
            for name in (*first.adds, *second.adds)
        },
    )
    _refuse_overlap([*both.sets, *both.removes, *((name,) for name in both.adds)])
    return both


def _refuse_overlap(paths: Collection[Path]) -> None:
    """Raise where a map and a part of it are written together: one of the two would be lost."""
    for whole in paths:
        if any(path != whole and path[: len(whole)] == whole for path in paths):
            raise ValueError(f"{whole} is written whole and in part in one commit.")
