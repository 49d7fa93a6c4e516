"""Where a stage lies: the cursor layout.

The active stage of a group of one rides on its run's item, in the map `stage`. It gets an item of
its own once, when it settles; siblings have items of their own all along. So a solo stage that
is claimed, suspended or put off is one update, and one that settles and moves its run on is two
operations, however long the run.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.dynamodb import items, keys, spellings
from adapters.dynamodb.conditions import clauses
from adapters.dynamodb.keys import Key, Shards
from adapters.dynamodb.operations import (
    MISSING,
    THERE,
    Check,
    Clause,
    Operation,
    Put,
    Require,
    Sign,
    Update,
)
from kernel.model.change import Change, RequireStage, UpdateStage, moves_version
from kernel.model.stage import StageRecord
from kernel.model.status import Status

# With these a solo stage leaves its run's item. A fenced one stays: the next one replaces it.
_SETTLED: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.SKIPPED})


def settles(change: Change) -> bool:
    """Whether a solo stage leaves its run's item by *change*."""
    return (
        isinstance(change, UpdateStage)
        and change.stage.solo
        and "status" in change.writes
        and change.stage.status in _SETTLED
    )


def place_of(stage: StageRecord) -> Key:
    """Return where a stage lies that is not settled."""
    return keys.run_key(stage.run_id) if stage.solo else _own_key(stage)


def fold(stage: StageRecord) -> Update:
    """Put a new solo stage on its run's item, unless it is there in this generation already."""
    return Update(
        key=keys.run_key(stage.run_id),
        requires=(
            THERE,
            (
                Check(path=(items.STAGE, "id"), sign=Sign.ABSENT),
                Check(path=(items.STAGE, "id"), sign=Sign.OTHER, value=stage.id),
                _older(stage),
            ),
        ),
        sets={(items.STAGE,): spellings.STAGE.write(stage)},
        appends=items.texts(stage.outbox),
        counts=True,
    )


def create_sibling(stage: StageRecord, shards: Shards) -> Put:
    return Put(
        key=_own_key(stage),
        item=items.stage_item(stage, shards),
        requires=((*MISSING, _older(stage)),),
    )


def settle(change: UpdateStage, shards: Shards) -> Sequence[Operation]:
    """Take a solo stage off its run's item, and keep it as an item of its own."""
    stage = change.stage
    settled = replace(stage, version=stage.version + 1, outbox=(), due_at=None)
    return [
        replace(update_stage(change), sets={}, removes=frozenset({(items.STAGE,)})),
        Put(key=_own_key(stage), item=items.stage_item(settled, shards)),
    ]


def update_stage(change: UpdateStage) -> Update:
    stage = change.stage
    sets, removes = spellings.STAGE.changes(stage, change.writes, root=items.STAGE)
    return Update(
        key=place_of(stage),
        requires=(
            _still(stage) if stage.solo else THERE,
            *clauses(change.requires, spellings.STAGE, root=items.STAGE),
        ),
        sets=sets,
        removes=removes,
        appends=items.texts(change.events),
        clears=change.clears,
        counts=moves_version(change),
    )


def require_stage(change: RequireStage) -> Require:
    """Leave a stage that is not settled as it is, if it is as required."""
    key, solo = change.key, change.key.solo
    place = (
        keys.run_key(key.run_id) if solo else keys.stage_key(key.run_id, key.group, key.stage_id)
    )
    mine = (Check(path=(items.STAGE, "id"), sign=Sign.SAME, value=key.stage_id),)
    required = clauses(change.requires, spellings.STAGE, root=items.STAGE)
    return Require(key=place, requires=(mine if solo else THERE, *required))


def _still(stage: StageRecord) -> Clause:
    """Require that it is this stage that the run's item carries."""
    return (Check(path=(items.STAGE, "id"), sign=Sign.SAME, value=stage.id),)


def _older(stage: StageRecord) -> Check:
    path, form = spellings.STAGE.find("generation")
    return Check(path=(items.STAGE, *path), sign=Sign.LESS, value=form.write(stage.generation))


def _own_key(stage: StageRecord) -> Key:
    return keys.stage_key(stage.run_id, stage.group, stage.id)
