"""What a commit moves in the index `due`."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from adapters.dynamodb import items, keys
from adapters.dynamodb.keys import Key, Shards
from adapters.dynamodb.operations import Update
from adapters.dynamodb.stage_layout import place_of, settles
from kernel.model.change import Change, CreateStage, UpdateRun, UpdateStage
from kernel.model.run import Run

_ENTRY: Final = frozenset({("due_at",), ("due_shard",)})


def due_moves(changes: Iterable[Change], shards: Shards) -> Iterator[Update]:
    """Yield the moves in the index `due`: of all moments for one item the earliest counts."""
    moments: dict[Key, list[datetime | None]] = {}
    in_order = tuple(changes)
    for change in in_order:
        match _wanted(change):
            case (key, at):
                moments.setdefault(key, []).append(at)
            case None:
                pass
    settled = {keys.run_key(run.id) for run in _settled(in_order)}
    for key, wanted in moments.items():
        earliest = min((at for at in wanted if at is not None), default=None)
        run_id = keys.run_id_of(key.pk)
        entry = items.due(run_id, earliest, shards, is_settled=key in settled)
        yield Update(
            key=key,
            requires=(),
            sets={(name,): value for name, value in entry.items()},
            removes=frozenset() if entry else _ENTRY,
        )


def _settled(changes: Iterable[Change]) -> Iterator[Run]:
    """Yield the runs of which nothing but removal is left, for all that the writers know."""
    for change in changes:
        if isinstance(change, UpdateRun):
            left = () if change.clears else change.run.outbox
            run = replace(change.run, outbox=(*left, *change.events))
            if run.is_settled:
                yield run


def _wanted(change: Change) -> tuple[Key, datetime | None] | None:
    """Return which item *change* gives which moment, if it says anything about that."""
    match change:
        case UpdateRun(run=run) if "due_at" in change.writes:
            return keys.run_key(run.id), run.due_at
        case CreateStage(stage=stage) if stage.solo:
            return place_of(stage), stage.due_at
        case UpdateStage(stage=stage) if "due_at" in change.writes and not settles(change):
            return place_of(stage), stage.due_at
        case _:
            return None
