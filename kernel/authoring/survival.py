"""Whether a value survives being written as JSON, and where it does not."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel, RootModel

from kernel.model.json import Json


class NoOrderError(ValueError):
    """A set's members cannot be sorted, so no two processes would write it alike."""


def at(place: str, problem: str) -> str:
    return f"{place}: {problem}" if place else problem


def not_json(value: Any) -> str:
    """Say where *value* stops being JSON; no words if it does not."""
    objections = (
        at(place, _objection(leaf)) for place, leaf in _leaves(value) if _objection(leaf)
    )
    return next(objections, "")


def change_between(before: Any, after: Any, place: str = "") -> str:
    """Say where two values that are not equal differ first, without telling the values."""
    if type(before) is not type(after):
        return at(place, f"{type(before).__name__} comes back as {type(after).__name__}")
    if isinstance(before, Mapping) and before.keys() != after.keys():
        return at(place, "its keys come back as other keys")
    inner = _members(before), _members(after)
    for (step, old), (_, new) in zip(*inner, strict=False):
        if not old == new:  # noqa: SIM201 - NaN is what it is not.
            return change_between(old, new, _below(place, step))
    return at(place, f"{type(before).__name__} comes back changed")


def in_order(value: Any, dumped: Any, place: str = "") -> Any:
    """Return *dumped* with every set of *value* written as a sorted list.

    Raises:
        NoOrderError: The members of a set have no order.
    """
    match value, dumped:
        case RootModel(), _:
            return in_order(value.root, dumped, place)
        case ((set() | frozenset()), list()):
            return _sorted(_inner(value, dumped, place), place)
        case _, list():
            return _inner(value, dumped, place)
        case _, dict():
            return _inside(value, dumped, place)
    return dumped


def _inner(value: Any, dumped: list[Json], place: str) -> list[Json]:
    if not isinstance(value, Collection) or len(value) != len(dumped):
        return dumped  # A serializer of the author's own made a list of something else.
    return [
        in_order(member, written, _below(place, nth))
        for nth, (member, written) in enumerate(zip(value, dumped, strict=False))
    ]


def _inside(value: Any, dumped: dict[str, Json], place: str) -> dict[str, Json]:
    if isinstance(value, Mapping):
        members = dict(zip(dumped, value.values(), strict=False))
    else:
        members = {_key(value, name): member for name, member in _members(value)}
    return dumped | {
        key: in_order(member, dumped[key], _below(place, key))
        for key, member in members.items()
        if key in dumped
    }


def _sorted(written: list[Any], place: str) -> list[Any]:
    try:
        # Twice, so that a lone member is compared as well: what may be stored is then a matter
        # of the type and not of how many there happen to be.
        return sorted(written * 2)[::2]
    except TypeError:
        raise NoOrderError(
            at(place, "a set is stored sorted, and these members have no order; use a list")
        ) from None


def _key(value: Any, name: str) -> str:
    field = type(value).model_fields.get(name) if isinstance(value, BaseModel) else None
    return (field and field.serialization_alias) or name


def _members(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, BaseModel):
        yield from value
    elif isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list | tuple):
        yield from enumerate(value)
    elif is_dataclass(value):
        yield from ((field.name, getattr(value, field.name)) for field in fields(value))


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    match value:
        case dict():
            for key, member in value.items():
                yield place, key
                yield from _leaves(member, _below(place, key))
        case list():
            for nth, member in enumerate(value):
                yield from _leaves(member, _below(place, nth))
        case _:
            yield place, value


def _objection(leaf: Any) -> str:
    if isinstance(leaf, float) and not math.isfinite(leaf):
        return "NaN and infinity are not JSON"
    if isinstance(leaf, str) and not _is_unicode(leaf):
        return "half a surrogate pair is not text"
    if leaf is None or isinstance(leaf, str | int | float):
        return ""
    return f"{type(leaf).__name__} is not JSON"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _below(place: str, step: Any) -> str:
    return f"{place}.{step}" if place else str(step)
