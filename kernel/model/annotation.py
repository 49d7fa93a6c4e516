"""Facts that people and programs pin to a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.errors import InvalidInputError
from kernel.model.json import Json, canonical

LONGEST_KEY: Final = 200
LONGEST_VALUE: Final = 4_096


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """One fact. *id* is derived from who pinned it and where, so that a repeat is one row.

    *actor* is who pinned it from outside; None for the run's creator and for stages.
    """

    id: str
    run_id: str
    key: str
    value: Json
    at: datetime
    stage_id: str | None = None
    generation: int | None = None
    attempt: int | None = None
    actor: str | None = None


def refuse_unpinnable(annotations: Mapping[str, Json]) -> None:
    """Raise `InvalidInputError` for keys and values that cannot be stored."""
    problems = [
        f"annotation {key!r}: {fault}"
        for key, value in annotations.items()
        for fault in _faults(key, value)
    ]
    if problems:
        raise InvalidInputError(
            f"These cannot be pinned: {'; '.join(problems)}.", problems=problems
        )


def _faults(key: str, value: Json) -> list[str]:
    faults: list[str] = []
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        faults.append(f"the key must be 1 to {LONGEST_KEY} printable characters")
    try:
        if len(canonical(value)) > LONGEST_VALUE:
            faults.append(f"the value is longer than {LONGEST_VALUE} characters of JSON")
    except (TypeError, ValueError, RecursionError) as error:
        faults.append(f"the value is not JSON ({error})")
    return faults
