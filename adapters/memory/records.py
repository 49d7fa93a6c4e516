"""How records are told apart, compared and written: the words of `MemoryPersistence`."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from kernel.errors import ConditionFailedError
from kernel.model.change import Condition, UpdateRun, UpdateStage, moves_version
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.run import Run
from kernel.model.stage import StageKey, StageRecord

_Record = TypeVar("_Record", Run, StageRecord)
StageId = tuple[str, int, str]
LetterId = tuple[datetime, str]


def id_of(key: StageKey) -> StageId:
    return (key.run_id, key.group, key.stage_id)


def letter_id(letter: DeadLetter) -> LetterId:
    return (letter.at, letter.event.id)


def place_of(stage: StageRecord) -> tuple[int, int, str]:
    return (stage.group, stage.ordinal, stage.id)


def require(fulfilled: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not fulfilled:
        raise ConditionFailedError(message)


def require_each(record: Run | StageRecord | None, requires: Sequence[Condition]) -> None:
    require(record is not None, "There is no such record.")
    for condition in requires:
        message = f"{condition.field} is not {condition.test} {condition.value}."
        require(condition.holds(record), message)


def written(stored: _Record, change: UpdateRun | UpdateStage) -> _Record:
    source = change.run if isinstance(change, UpdateRun) else change.stage
    fields = {name: getattr(source, name) for name in change.writes}
    kept: tuple[Event, ...] = () if change.clears else stored.outbox
    version = stored.version + moves_version(change)
    return replace(stored, **fields, outbox=(*kept, *change.events), version=version)
