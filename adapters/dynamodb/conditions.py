"""The kernel's conditions on records, as checks of attributes."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from adapters.dynamodb.forms import MOMENT, PLAIN, Form
from adapters.dynamodb.items import VERSION
from adapters.dynamodb.operations import MISSING, Check, Clause, Sign
from adapters.dynamodb.shape import Path, Shape
from kernel.model.change import Condition, Test

# What lies beside the record's map, because the item as a whole has it.
_BESIDE: Final[dict[str, tuple[Path, Form]]] = {
    "version": ((VERSION,), PLAIN),
    "due_at": (("due_at",), MOMENT),
}


def clauses(
    conditions: Iterable[Condition], shape: Shape[Any], *, root: str | None
) -> Iterator[Clause]:
    """Yield what an item must fulfil whose map *root* holds a record of *shape*.

    None: the record is the item itself.
    """
    for condition in conditions:
        yield _clause(condition, *_find(condition.field, shape, root))


def _find(field: str, shape: Shape[Any], root: str | None) -> tuple[Path, Form]:
    if field in _BESIDE:
        return _BESIDE[field]
    path, form = shape.find(field)
    return (path if root is None else (root, *path)), form


def _clause(condition: Condition, path: Path, form: Form) -> Clause:
    absent = Check(path=path, sign=Sign.ABSENT)
    value: Any = condition.value
    match condition.test:
        case Test.ABSENT:
            return (absent,)
        case Test.PRESENT:
            return (Check(path=path, sign=Sign.PRESENT),)
        case Test.EQUALS | Test.ONE_OF:
            values = value if condition.test is Test.ONE_OF else (value,)
            return _among(values, path, form) or MISSING
        case Test.AT_MOST:
            within = Check(path=path, sign=Sign.AT_MOST, value=value)
            # What is not there counts as 0.
            return (absent, within) if value >= 0 else (within,)
        case Test.BEFORE | Test.NOT_AFTER | Test.BY:
            sign = Sign.LESS if condition.test is Test.BEFORE else Sign.AT_MOST
            in_time = Check(path=path, sign=sign, value=form.write(value))
            return (absent, in_time) if condition.test is Test.NOT_AFTER else (in_time,)


def _among(values: Iterable[object], path: Path, form: Form) -> Clause:
    """Return the checks for being one of *values*; what is None is stored as nothing at all."""
    kept = [form.write(value) for value in values if value is not None]
    checks = [Check(path=path, sign=Sign.AMONG, value=tuple(kept))] if kept else []
    if len(kept) < len(tuple(values)):
        checks.append(Check(path=path, sign=Sign.ABSENT))
    return tuple(checks)
