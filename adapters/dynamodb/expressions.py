"""Operations as PynamoDB spells them."""

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any, Final

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from adapters.dynamodb.items import OUTBOX, VERSION
from adapters.dynamodb.operations import Check, Clause, Operation, Sign, Update

_SIGNS: Final[Mapping[Sign, Callable[[Path, Any], Condition]]] = {
    Sign.SAME: operator.eq,
    Sign.OTHER: operator.ne,
    Sign.LESS: operator.lt,
    Sign.AT_MOST: operator.le,
    Sign.AMONG: lambda path, values: path.is_in(*values),
    Sign.PRESENT: lambda path, _value: path.exists(),
    Sign.ABSENT: lambda path, _value: path.does_not_exist(),
}


def condition_of(operation: Operation) -> Condition | None:
    """Return all clauses as one condition."""
    clauses = [_clause(clause) for clause in operation.requires]
    return reduce(operator.and_, clauses) if clauses else None


def actions_of(update: Update) -> list[Action]:
    return [
        *(Path(list(path)).set(value) for path, value in update.sets.items()),
        *(Path(list(path)).remove() for path in sorted(update.removes)),
        *_outbox_actions(update),
        *([Path(VERSION).add(1)] if update.counts else []),
        *(Path(name).add(number) for name, number in update.adds.items()),
    ]


def _outbox_actions(update: Update) -> list[Action]:
    outbox, events = Path(OUTBOX), list(update.appends)
    match update.clears, bool(events):
        case True, True:
            return [outbox.set(events)]
        case True, False:
            return [outbox.remove()]
        case False, True:
            return [outbox.set((outbox | []).append(events))]
        case _:
            return []


def _clause(clause: Clause) -> Condition:
    return reduce(operator.or_, map(_check, clause))


def _check(check: Check) -> Condition:
    return _SIGNS[check.sign](Path(list(check.path)), check.value)
