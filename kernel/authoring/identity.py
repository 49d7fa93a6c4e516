"""What makes two definitions of a workflow the same to a run that is under way."""

from typing import Any, Final

from kernel.authoring.schema import Schema
from kernel.authoring.stage import Stage
from kernel.model.json import canonical, digest

_PROSE: Final = ("title", "description")
_LENGTH: Final = 16


def fingerprint_of(
    taken: Schema, given: Schema | None, groups: tuple[tuple[Stage[Any, Any], ...], ...]
) -> str:
    """Return 16 hexadecimal digits, the same in every process and version of Python."""
    whole = {
        "input": _plain(taken.json_schema()),
        "output": _plain(given.json_schema()) if given else None,
        "groups": [[_identity(stage) for stage in group] for group in groups],
    }
    return digest(whole)[:_LENGTH]


def _identity(stage: Stage[Any, Any]) -> dict[str, Any]:
    schemas = {what: _plain(schema.json_schema()) for what, schema in stage.schemas.items()}
    return {"id": stage.id, **schemas}


def _plain(schema: Any) -> Any:
    """Return *schema* without its prose, and without an order where there is none.

    What Python puts into docstrings differs between its versions, and a default that is a set
    is written in another order by each process.
    """
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    prose = {key for key in _PROSE if isinstance(schema.get(key), str)}
    plain = {key: _plain(part) for key, part in schema.items() if key not in prose}
    if "default" in plain:
        plain["default"] = _unordered(plain["default"])
    return plain


def _unordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unordered(part) for key, part in value.items()}
    if isinstance(value, list):
        return sorted((_unordered(part) for part in value), key=canonical)
    return value
