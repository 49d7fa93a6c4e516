"""What an identity-based policy allows, as IAM decides it; what cannot be read is refused.

moto's own evaluation takes a pattern's dots for any character, and a condition that is not met for
a denial of everything.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_ELEMENTS: Final = frozenset({"Sid", "Effect", "Action", "Resource", "Condition"})
_WILD: Final = {"StringLike", "ArnLike", "ArnEquals"}
_OPERATORS: Final = {*_WILD, "StringEquals", "Bool"}


class UnreadableError(Exception):
    """The policy says something that is not understood here, so nobody knows what it allows."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One action on one resource. *facts* are what conditions may ask for, by their keys."""

    action: str
    resource: str
    facts: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.action} on {self.resource}"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A fact, and the values of which it must be one. A fact that is unknown is none of them."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.operator not in _OPERATORS:
            raise UnreadableError(f"The operator {self.operator!r} is not known here.")

    def holds(self, facts: Mapping[str, str]) -> bool:
        fact = facts.get(self.key)
        if fact is None:
            return False
        if self.operator in _WILD:
            return any(matches(value, fact) for value in self.values)
        return fact in self.values


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The smallest part of a policy: one action on one pattern of resources, allowed or denied."""

    sid: str
    effect: str
    action: str
    resource: str
    conditions: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if "${" in self.action + self.resource:
            raise UnreadableError(f"{self.sid}: variables are not known here.")

    def covers(self, request: Request) -> bool:
        return (
            matches(self.action.lower(), request.action.lower())
            and matches(self.resource, request.resource)
            and all(condition.holds(request.facts) for condition in self.conditions)
        )

    def __str__(self) -> str:
        return f"{self.sid}: {self.action} on {self.resource}"


def grants_in(document: Mapping[str, Any]) -> Iterator[Grant]:
    """Yield every grant of a policy's *document*.

    Raises:
        UnreadableError: It says something that is not understood here, such as `NotAction`.
    """
    for statement in _listed(document["Statement"]):
        sid = statement.get("Sid", "")
        strange = statement.keys() - _ELEMENTS
        if strange:
            raise UnreadableError(f"{sid}: {sorted(strange)} are not known here.")
        conditions = tuple(conditions_in(statement.get("Condition", {})))
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield Grant(
                    sid=sid,
                    effect=statement["Effect"],
                    action=action,
                    resource=resource,
                    conditions=conditions,
                )


def conditions_in(block: Mapping[str, Mapping[str, Any]]) -> Iterator[Condition]:
    for operator, wanted in block.items():
        for key, values in wanted.items():
            written = tuple(str(value) for value in _listed(values))
            yield Condition(operator=operator, key=key, values=written)


def allowing(grants: Iterable[Grant], request: Request) -> list[Grant]:
    """Return which *grants* allow it: none where one denies it, whatever the others say."""
    covering = [grant for grant in grants if grant.covers(request)]
    if any(grant.effect != "Allow" for grant in covering):
        return []
    return covering


def matches(pattern: str, text: str) -> bool:
    """Whether *text* fits *pattern*: `*` is anything, `?` one character, all else itself."""
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    return bool(re.fullmatch("".join(wild.get(part) or re.escape(part) for part in parts), text))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]
