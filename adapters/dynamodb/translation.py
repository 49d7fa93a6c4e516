"""A commit's changes as operations on items: a pure function, one operation an item."""

from collections.abc import Sequence

from adapters.dynamodb import items, keys, spellings
from adapters.dynamodb.bill_layout import bill_parts
from adapters.dynamodb.conditions import clauses
from adapters.dynamodb.due_moves import due_moves
from adapters.dynamodb.keys import Key, Shards
from adapters.dynamodb.operations import (
    MISSING,
    THERE,
    Check,
    Delete,
    Operation,
    Put,
    Require,
    Sign,
    Update,
    merged,
)
from adapters.dynamodb.stage_layout import (
    create_sibling,
    fold,
    require_stage,
    settle,
    settles,
    update_stage,
)
from kernel.model.change import (
    AddAnnotation,
    AddSpending,
    AddToBill,
    Change,
    CreateRun,
    CreateStage,
    DeleteRun,
    KeepPast,
    RemoveDeadLetter,
    RequireRun,
    RequireStage,
    SaveCall,
    SaveDeadLetter,
    SaveIdempotency,
    SetLimit,
    UpdateRun,
    UpdateStage,
    moves_version,
)


def translate(changes: Sequence[Change], shards: Shards) -> list[Operation]:
    """Return one operation for each item that *changes* touch.

    A stage that settles comes first: it makes room for the next one, and its events are older
    than those of the run that it moves on.
    """
    in_order = sorted(changes, key=lambda change: not settles(change))
    parts = [part for change in in_order for part in _parts(change, shards)]
    return merged([*parts, *due_moves(in_order, shards)])


def _parts(change: Change, shards: Shards) -> Sequence[Operation]:
    match change:
        case CreateRun():
            return _create_run(change, shards)
        case UpdateStage() | CreateStage():
            return _of_stage(change, shards)
        case UpdateRun():
            return [_update_run(change)]
        case SaveCall() | AddToBill() | SetLimit() | AddSpending():
            return bill_parts(change, shards)
        case _:
            return [_of_run(change, shards)]


def _of_stage(change: UpdateStage | CreateStage, shards: Shards) -> Sequence[Operation]:
    if isinstance(change, UpdateStage):
        return settle(change, shards) if settles(change) else [update_stage(change)]
    stage = change.stage
    return [fold(stage) if stage.solo else create_sibling(stage, shards)]


def _of_run(
    change: DeleteRun
    | RequireRun
    | RequireStage
    | KeepPast
    | SaveIdempotency
    | AddAnnotation
    | SaveDeadLetter
    | RemoveDeadLetter,
    shards: Shards,
) -> Operation:
    match change:
        case SaveDeadLetter() | RemoveDeadLetter():
            return _dead_letter(change, shards)
        case DeleteRun():
            required = clauses(change.requires, spellings.RUN, root=items.RUN)
            return Delete(key=keys.run_key(change.run_id), requires=(THERE, *required))
        case RequireRun(run_id=run_id, requires=requires):
            required = clauses(requires, spellings.RUN, root=items.RUN)
            return Require(key=keys.run_key(run_id), requires=(THERE, *required))
        case RequireStage():
            return require_stage(change)
        case _:
            return _beside(change)


def _beside(change: KeepPast | SaveIdempotency | AddAnnotation) -> Operation:
    match change:
        case KeepPast(stage=stage):
            item = items.past_item(stage)
            return Put(key=Key(pk=item["pk"], sk=item["sk"]), item=item)
        case SaveIdempotency():
            return _save_idempotency(change)
        case AddAnnotation(annotation=note):
            return Put(key=keys.note_key(note.run_id, note.id), item=items.note_item(note))


def _dead_letter(change: SaveDeadLetter | RemoveDeadLetter, shards: Shards) -> Operation:
    key = items.dead_letter_key(change.letter, shards)
    if isinstance(change, RemoveDeadLetter):
        return Delete(key=key, requires=(THERE,))
    return Put(key=key, item=items.dead_letter_item(change.letter, shards))


def _create_run(change: CreateRun, shards: Shards) -> Sequence[Operation]:
    run, intake = change.run, change.intake
    return [
        Put(key=keys.run_key(run.id), item=items.run_item(run, shards), requires=(MISSING,)),
        Put(key=keys.intake_key(run.id), item=items.intake_item(intake)),
    ]


def _update_run(change: UpdateRun) -> Update:
    run = change.run
    sets, removes = spellings.RUN.changes(run, change.writes, root=items.RUN)
    if "status" in change.writes:
        sets["runs_sort",] = keys.runs_sort(run.status, run.id)
    return Update(
        key=keys.run_key(run.id),
        requires=(THERE, *clauses(change.requires, spellings.RUN, root=items.RUN)),
        sets=sets,
        removes=removes,
        appends=items.texts(change.events),
        clears=change.clears,
        counts=moves_version(change),
    )


def _save_idempotency(change: SaveIdempotency) -> Put:
    record = change.record
    path, form = spellings.IDEMPOTENCY.find("expires_at")
    expired = Check(path=("idem", *path), sign=Sign.LESS, value=form.write(change.now))
    return Put(
        key=keys.idempotency_key(record.command, record.key),
        item=items.idempotency_item(record),
        requires=((*MISSING, expired),),
    )
