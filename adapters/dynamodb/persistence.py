"""The persistence port on DynamoDB: read items, translate changes, write them at once."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from adapters.dynamodb import items, keys
from adapters.dynamodb.dates import Listener
from adapters.dynamodb.forms import MOMENT
from adapters.dynamodb.item_store import Items
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key, Shards
from adapters.dynamodb.operations import Put, Update
from adapters.dynamodb.table_items import TableItems
from adapters.dynamodb.translation import translate
from kernel.errors import NotFoundError
from kernel.model.annotation import Annotation
from kernel.model.call import Bill, ModelCall, Spending
from kernel.model.change import Change, UpdateStage
from kernel.model.dead_letter import DeadLetter
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.clock import Clock
from kernel.ports.entropy import Entropy
from kernel.ports.persistence import Due, Head, Snapshot, Standing


class DynamoPersistence:
    """Runs and what belongs to them, as items.

    That a solo stage is not made twice in one generation is seen only while it is active: once
    it is settled, the conditions on the run that every such commit carries stand in for it.
    """

    def __init__(self, items: Items, *, due_shards: int = 8, listing_shards: int = 4) -> None:
        self._items = items
        self._shards = Shards(due=due_shards, listing=listing_shards)

    def commit(self, changes: Sequence[Change]) -> None:
        operations = translate(changes, self._shards)
        if operations:
            self._items.write(operations)

    def update(self, change: UpdateStage) -> Standing:
        match translate([change], self._shards):
            case [Update() as operation]:
                return items.standing_of(self._items.update(operation))
            case operations:
                self._items.write(operations)
                return self.standing(change.stage.key)

    def run(self, run_id: str) -> Run:
        return items.run_of(self._run_item(run_id))

    def head(self, run_id: str) -> Head:
        item = self._run_item(run_id)
        run, stage = items.run_of(item), items.folded_of(item)
        return Head(run=run, active=stage if stage and _is_active(stage, run) else None)

    def standing(self, key: StageKey) -> Standing:
        found = (None if key.solo else self._sibling(key)) or self._solo(key)
        if found is None:
            message = f"Run {key.run_id!r} has no stage {key.stage_id!r} in group {key.group}."
            raise NotFoundError(message, run_id=key.run_id, stage_id=key.stage_id)
        return found

    def snapshot(self, run_id: str) -> Snapshot:
        item = self._run_item(run_id)
        own = self._items.query(keys.partition(run_id), keys.STAGES)
        stages = _newest(items.folded_of(item), (items.stage_of(each) for each in own))
        return Snapshot(run=items.run_of(item), stages=tuple(stages))

    def group(self, run_id: str, group: int) -> Iterator[StageRecord]:
        own = self._items.query(keys.partition(run_id), keys.group_prefix(group), backwards=True)
        stages = (items.stage_of(item) for item in own)
        first = next(stages, None)
        if first is not None and not first.solo:
            yield first
            yield from stages
            return
        run_item = self._items.get(keys.run_key(run_id))
        folded = items.folded_of(run_item) if run_item else None
        there = folded if folded and folded.group == group else None
        yield from _newest(there, [*([first] if first else []), *stages])

    def intake(self, run_id: str) -> Intake:
        item = self._items.get(keys.intake_key(run_id))
        if item is None:
            raise _no_run(run_id)
        return items.intake_of(item)

    def idempotency(self, command: str, key: str) -> IdempotencyRecord | None:
        item = self._items.get(keys.idempotency_key(command, key))
        return items.idempotency_of(item) if item else None

    def past(self, run_id: str) -> Sequence[StageRecord]:
        found = self._items.query(keys.partition(run_id), keys.PASTS)
        kept = [items.past_of(item) for item in found]
        return sorted(kept, key=lambda stage: (stage.generation, stage.group, stage.ordinal))

    def annotations(self, run_id: str) -> Sequence[Annotation]:
        found = self._items.query(keys.partition(run_id), keys.NOTES)
        rows = [items.annotation_of(item) for item in found]
        return sorted(rows, key=lambda row: (row.at, row.id))

    def erase(self, run_id: str, *, limit: int) -> bool:
        return self._items.erase(keys.partition(run_id), keep=keys.run_key(run_id).sk, limit=limit)

    def dead_letters(self) -> Iterator[DeadLetter]:
        shards = (self._items.walk(pk, keys.DEAD) for pk in self._shards.dead_partitions())
        merged = heapq.merge(*shards, key=lambda item: str(item["sk"]))
        yield from map(items.dead_letter_of, merged)

    def has_dead_letter(self, letter: DeadLetter) -> bool:
        return self._items.get(items.dead_letter_key(letter, self._shards)) is not None

    def note_presence(self, presence: Presence) -> None:
        key = keys.presence_key(presence.queue, presence.worker_id)
        self._items.write([Put(key=key, item=items.presence_item(presence))])

    def presences(self, queue: str) -> Sequence[Presence]:
        found = self._items.query(keys.queue_partition(queue), keys.WORKERS)
        return [items.presence_of(item) for item in found]

    def bill(self, run_id: str) -> Bill | None:
        return items.bill_of(run_id, self._items.query(keys.partition(run_id), keys.BILL))

    def call(self, run_id: str, stage_id: str, call_id: str) -> ModelCall | None:
        item = self._items.get(keys.call_key(run_id, stage_id, call_id))
        return items.call_of(item) if item else None

    def calls(self, run_id: str, stage_id: str | None = None) -> Iterator[ModelCall]:
        found = self._items.walk(keys.partition(run_id), keys.calls_prefix(stage_id))
        yield from map(items.call_of, found)

    def spending(self, topic: str, month: str) -> Iterator[Spending]:
        for pk in self._shards.spent_partitions(month):
            for prefix in keys.spending_prefixes(topic):
                yield from map(items.spending_of, self._items.walk(pk, prefix))

    def due(self, *, by: datetime, limit: int) -> Sequence[Due]:
        first = self._due(by, limit, is_settled=False)
        left = limit - len(first)
        return [*first, *self._due(by, left, is_settled=True)] if left else first

    def _due(self, by: datetime, limit: int, *, is_settled: bool) -> list[Due]:
        until = MOMENT.write(by)
        found = [
            items.nomination_of(item)
            for shard in self._shards.due_shards(is_settled=is_settled)
            for item in self._items.due(shard, by=until, limit=limit)
        ]
        return sorted(found, key=lambda due: due.at)[:limit]

    def _run_item(self, run_id: str) -> Item:
        item = self._items.get(keys.run_key(run_id))
        if item is None:
            raise _no_run(run_id)
        return item

    def _sibling(self, key: StageKey) -> Standing | None:
        item = self._items.get(_own_key(key))
        found = items.standing_of(item) if item else None
        return None if found is None or found.stage.solo else found

    def _solo(self, key: StageKey) -> Standing | None:
        """Look at the run's item, and where it has gone on at the stage's own."""
        item = self._items.get(keys.run_key(key.run_id))
        if item is None:
            return None
        folded = items.folded_of(item)
        if folded is not None and (folded.group, folded.id) == (key.group, key.stage_id):
            return items.standing_of(item)
        own = self._items.get(_own_key(key))
        if own is None:
            return None
        stage = items.stage_of(own)
        return Standing(stage=stage, run=items.run_of(item) if stage.solo else None)


def dynamo_persistence(
    *,
    table: str,
    region: str,
    clock: Clock,
    entropy: Entropy,
    listener: Listener | None = None,
    due_shards: int = 8,
) -> DynamoPersistence:
    """Return persistence in *table*; nothing is asked of AWS before something is asked of it.

    *listener* is told what time it is for DynamoDB, with every response.
    """
    table_items = TableItems(
        table=table, region=region, clock=clock, entropy=entropy, listener=listener
    )
    return DynamoPersistence(table_items, due_shards=due_shards)


def _own_key(key: StageKey) -> Key:
    return keys.stage_key(key.run_id, key.group, key.stage_id)


def _is_active(stage: StageRecord, run: Run) -> bool:
    at = (stage.group, stage.generation)
    return at == (run.cursor, run.generation) and not stage.status.is_terminal


def _newest(folded: StageRecord | None, own: Iterable[StageRecord]) -> list[StageRecord]:
    """Return each stage once, by group and ordinal.

    An item of its own may be left over from an older generation of the stage that rides on the
    run's item; one of the same generation was put, and read, after the run's item was read.
    """
    by_place = {(stage.group, stage.id): stage for stage in own}
    if folded is not None:
        left = by_place.get((folded.group, folded.id))
        if left is None or left.generation < folded.generation:
            by_place[folded.group, folded.id] = folded
    return sorted(by_place.values(), key=lambda stage: (stage.group, stage.ordinal, stage.id))


def _no_run(run_id: str) -> NotFoundError:
    return NotFoundError(f"No run has the id {run_id!r}.", run_id=run_id)
