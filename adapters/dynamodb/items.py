"""Records as items, and back. An item is plain JSON here; its state lies in maps.

| attribute | of | holds |
| --- | --- | --- |
| `pk`, `sk` | all | see keys.py |
| `run` | RUN | the run's state, by the names in spellings.py |
| `stage` | RUN | the active stage, where it is alone in its group |
| `stage` | STAGE# | a sibling's state, or a solo stage as it was settled |
| `v`, `ob` | RUN, STAGE# | version and outbox, of all that lies in the item together |
| `due_shard`, `due_at` | RUN, STAGE# | the index `due`; only while it is due |
| `runs_hash`, `runs_sort` | RUN | the index `runs` |
| `past` | PAST# | a stage as it stood in an older generation |
| `intake`, `note`, `idem`, `dead` | IN, NOTE#, IDEM, DEAD# | the record |
| `presence` | WORKER# | that a worker serves a queue |
| `call` | CALL# | one call of a model |
| `cm`, `li` | BILL | what a run has committed of its budget, and that |
| `nc`, `nr`, `co`, ... | BILL#, SPENT# | a stage's tally, or a topic's; see spellings.py |
| `spent` | SPENT# | whose tally it is |
| `layout` | LAYOUT | how all of this is laid out, as a number: see layout.py |
| `expires_at` | IDEM, DEAD#, WORKER#, SPENT# | when DynamoDB may delete it, in seconds |
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final, TypeAlias

from adapters.dynamodb import keys, spellings
from adapters.dynamodb.forms import MOMENT, text_of
from adapters.dynamodb.keys import Key, Shards
from kernel.model.annotation import Annotation
from kernel.model.call import Bill, ModelCall, Spending
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import StageRecord
from kernel.ports.persistence import Due, Standing

Item: TypeAlias = Mapping[str, Any]

RUN: Final = "run"
STAGE: Final = "stage"
VERSION: Final = "v"
OUTBOX: Final = "ob"
LAYOUT: Final = "layout"


def run_item(run: Run, shards: Shards) -> Item:
    """Return the item of a run that has no active stage yet."""
    return {
        **_place(keys.run_key(run.id)),
        RUN: spellings.RUN.write(run),
        VERSION: run.version,
        **_outbox(run.outbox),
        **due(run.id, run.due_at, shards, is_settled=run.is_settled),
        "runs_hash": shards.runs_hash(run.workflow_id, run.id),
        "runs_sort": keys.runs_sort(run.status, run.id),
    }


def run_of(item: Item) -> Run:
    return spellings.RUN.read(item[RUN], id=_run_id(item), outbox=_events(item), **_kept(item))


def stage_item(stage: StageRecord, shards: Shards) -> Item:
    """Return the stage as an item of its own."""
    return {
        **_place(keys.stage_key(stage.run_id, stage.group, stage.id)),
        STAGE: spellings.STAGE.write(stage),
        VERSION: stage.version,
        **_outbox(stage.outbox),
        **due(stage.run_id, stage.due_at, shards),
    }


def stage_of(item: Item) -> StageRecord:
    """Return the stage in an item of its own."""
    return _stage(item, _events(item))


def folded_of(item: Item) -> StageRecord | None:
    """Return the stage that rides on a run's item; its events are among the run's."""
    return _stage(item, ()) if STAGE in item else None


def standing_of(item: Item) -> Standing:
    """Return the stage on an item, with the run where it is the run's item."""
    if RUN not in item:
        return Standing(stage=stage_of(item))
    return Standing(stage=_stage(item, ()), run=run_of(item))


def intake_item(intake: Intake) -> Item:
    return {
        **_place(keys.intake_key(intake.run_id)),
        "intake": spellings.INTAKE.write(intake),
    }


def intake_of(item: Item) -> Intake:
    return spellings.INTAKE.read(item["intake"], run_id=_run_id(item))


def note_item(annotation: Annotation) -> Item:
    return {
        **_place(keys.note_key(annotation.run_id, annotation.id)),
        "note": spellings.ANNOTATION.write(annotation),
    }


def annotation_of(item: Item) -> Annotation:
    return spellings.ANNOTATION.read(item["note"], run_id=_run_id(item))


def past_item(stage: StageRecord) -> Item:
    """Return the stage as history: nothing of it is due, and its events went elsewhere."""
    return {
        **_place(keys.past_key(stage.run_id, stage.id, stage.generation, stage.attempt)),
        "past": spellings.STAGE.write(stage),
        VERSION: stage.version,
    }


def past_of(item: Item) -> StageRecord:
    kept = {"version": item[VERSION], "outbox": (), "due_at": None}
    return spellings.STAGE.read(item["past"], run_id=_run_id(item), **kept)


def idempotency_item(record: IdempotencyRecord) -> Item:
    return {
        **_place(keys.idempotency_key(record.command, record.key)),
        "idem": spellings.IDEMPOTENCY.write(record),
        "expires_at": ceil(record.expires_at.timestamp()),
    }


def idempotency_of(item: Item) -> IdempotencyRecord:
    return spellings.IDEMPOTENCY.read(item["idem"])


def dead_letter_item(letter: DeadLetter, shards: Shards) -> Item:
    return {
        **_place(dead_letter_key(letter, shards)),
        "dead": spellings.DEAD_LETTER.write(letter),
        "expires_at": ceil(letter.expires_at.timestamp()),
    }


def dead_letter_key(letter: DeadLetter, shards: Shards) -> Key:
    event = letter.event
    return keys.dead_key(shards.dead_shard(event.run_id), MOMENT.write(letter.at), event.id)


def dead_letter_of(item: Item) -> DeadLetter:
    return spellings.DEAD_LETTER.read(item["dead"])


def presence_item(presence: Presence) -> Item:
    return {
        **_place(keys.presence_key(presence.queue, presence.worker_id)),
        "presence": spellings.PRESENCE.write(presence),
        "expires_at": ceil(presence.expires_at.timestamp()),
    }


def presence_of(item: Item) -> Presence:
    return spellings.PRESENCE.read(item["presence"])


def call_item(call: ModelCall) -> Item:
    place = _place(keys.call_key(call.run_id, call.stage_id, call.id))
    return {**place, "call": spellings.CALL.write(call)}


def call_of(item: Item) -> ModelCall:
    return spellings.CALL.read(item["call"], run_id=_run_id(item))


def bill_of(run_id: str, found: Iterable[Item]) -> Bill | None:
    """Return the bill that lies in several items, one a stage; None where there is none."""
    by_key = {item["sk"]: item for item in found}
    own = by_key.pop(keys.BILL, None)
    if own is None:
        return None
    stages = {
        sk.removeprefix(keys.STAGE_BILLS): spellings.TALLY.read(item)
        for sk, item in by_key.items()
    }
    # A bill that was opened with a limit has no number yet.
    return spellings.BILL.read({"cm": 0, **own}, run_id=run_id, stages=stages)


def spending_of(item: Item) -> Spending:
    return spellings.SPENDING.read(
        item["spent"],
        tally=spellings.TALLY.read(item),
        expires_at=datetime.fromtimestamp(int(item["expires_at"]), UTC),
    )


def due(
    run_id: str, at: datetime | None, shards: Shards, *, is_settled: bool = False
) -> dict[str, str]:
    """Return the entry in the index `due`; none where nothing is due."""
    if at is None:
        return {}
    shard = shards.due_shard(run_id, is_settled=is_settled)
    return {"due_shard": shard, "due_at": MOMENT.write(at)}


def nomination_of(item: Item) -> Due:
    """Return what an entry of the index `due` says."""
    key = Key(pk=item["pk"], sk=item["sk"])
    return Due(run_id=_run_id(item), at=MOMENT.read(item["due_at"]), stage=keys.sibling_of(key))


def texts(events: Iterable[Event]) -> tuple[str, ...]:
    """Return the events as they lie in an outbox; all of them are the run's."""
    return tuple(text_of(spellings.EVENT.write(event)) for event in events)


def _stage(item: Item, events: tuple[Event, ...]) -> StageRecord:
    stage = item[STAGE]
    return spellings.STAGE.read(stage, run_id=_run_id(item), outbox=events, **_kept(item))


def _place(key: Key) -> dict[str, str]:
    return {"pk": key.pk, "sk": key.sk}


def _outbox(events: tuple[Event, ...]) -> dict[str, list[str]]:
    return {OUTBOX: list(texts(events))} if events else {}


def _events(item: Item) -> tuple[Event, ...]:
    run_id = _run_id(item)
    return tuple(
        spellings.EVENT.read(json.loads(text), run_id=run_id) for text in item.get(OUTBOX, ())
    )


def _kept(item: Item) -> dict[str, Any]:
    due_at = item.get("due_at")
    return {"version": item[VERSION], "due_at": MOMENT.read(due_at) if due_at else None}


def _run_id(item: Item) -> str:
    return keys.run_id_of(item["pk"])
