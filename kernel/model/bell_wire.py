"""The bell as text: one spelling for the queue, the scheduler and whoever answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kernel.errors import InvalidInputError
from kernel.model import moment
from kernel.model.bell import Bell, BellKind


def encode(bell: Bell, *, limit: int | None = None) -> str:
    """Return *bell* as ASCII JSON, without its payload where that would pass *limit* bytes.

    The payload is a copy of what the store has, so it may stay behind.
    """
    fields = {
        "kind": bell.kind.value,
        "job_id": bell.job_id,
        "run_id": bell.run_id,
        "workflow_id": bell.workflow_id,
        "stage_id": bell.stage_id,
        "group": bell.group,
        "generation": bell.generation,
        "attempt": bell.attempt,
        "max_attempts": bell.max_attempts,
        "payload": None if bell.payload is None else dict(bell.payload),
        "not_before": None if bell.not_before is None else moment.to_text(bell.not_before),
        "urgent": bell.urgent,
        "tenant": bell.tenant,
        "queue": bell.queue,
        "fingerprint": bell.fingerprint,
    }
    text = _dumped(fields)
    if limit is None or len(text) <= limit:
        return text
    return _dumped(fields | {"payload": None})


def decode(text: str) -> Bell:
    """Return the bell. Fields that are not known are passed over: a newer sender has more.

    Raises:
        InvalidInputError: This is no bell; `context["problems"]` lists why.
    """
    fields = _object(text)
    problems = [*_missing(fields), *_ill_formed(fields)]
    if problems:
        raise _refusal(problems)
    return _bell(**{name: fields[name] for name in _RULES if fields.get(name) is not None})


def _bell(*, kind: str, not_before: str | None = None, job_id: str = "", **others: Any) -> Bell:
    """Build the bell of fields that are in order; its *job_id* follows from the others."""
    return Bell(
        kind=BellKind(kind),
        not_before=None if not_before is None else moment.from_text(not_before),
        **others,
    )


@dataclass(frozen=True, kw_only=True)
class _Rule:
    """What a field must be like. *wish* ends the sentence `… is not`."""

    holds: Callable[[Any], bool]
    wish: str


def _dumped(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, separators=(",", ":"), allow_nan=False)


def _object(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _refusal(["it is not JSON"]) from error
    if not isinstance(parsed, dict):
        raise _refusal(["it is not a JSON object"])
    return parsed


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def _missing(fields: Mapping[str, Any]) -> list[str]:
    needed = _NEEDED if fields.get("kind") == BellKind.START else (*_NEEDED, *_NEEDED_BY_STAGES)
    return [f"`{name}` is missing" for name in needed if fields.get(name) is None]


def _ill_formed(fields: Mapping[str, Any]) -> list[str]:
    return [
        f"`{name}` is not {rule.wish}"
        for name, rule in _RULES.items()
        if fields.get(name) is not None and not rule.holds(fields[name])
    ]


def _refusal(problems: list[str]) -> InvalidInputError:
    return InvalidInputError(f"This is not a bell: {'; '.join(problems)}.", problems=problems)


def _is_text(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_moment(value: Any) -> bool:
    try:
        moment.from_text(value)
    except (TypeError, ValueError):
        return False
    return True


_NEEDED: Final = ("kind", "run_id", "workflow_id")
_NEEDED_BY_STAGES: Final = ("stage_id", "group", "generation", "attempt")

_ID: Final = _Rule(holds=lambda value: _is_text(value) and value != "", wish="an id")
_TEXT: Final = _Rule(holds=_is_text, wish="a text")
# `True` is an `int` to Python, and is none to anybody else.
_COUNT: Final = _Rule(holds=lambda value: type(value) is int and value >= 0, wish="a count")
_FLAG: Final = _Rule(holds=lambda value: isinstance(value, bool), wish="true or false")
_OBJECT: Final = _Rule(holds=lambda value: isinstance(value, dict), wish="an object")
_MOMENT: Final = _Rule(holds=_is_moment, wish="a moment with its time zone")
_KIND: Final = _Rule(
    holds=lambda value: isinstance(value, str) and value in list(BellKind),
    wish=f"one of {', '.join(BellKind)}",
)

_RULES: Final[Mapping[str, _Rule]] = {
    "kind": _KIND,
    "job_id": _ID,
    "run_id": _ID,
    "workflow_id": _ID,
    "stage_id": _ID,
    "group": _COUNT,
    "generation": _COUNT,
    "attempt": _COUNT,
    "max_attempts": _COUNT,
    "payload": _OBJECT,
    "not_before": _MOMENT,
    "urgent": _FLAG,
    "tenant": _TEXT,
    "queue": _TEXT,
    "fingerprint": _TEXT,
}
