"""Ports on memory that note what they would take of AWS, call by call."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain, islice, repeat
from math import ceil
from typing import Any, Final

from adapters.aws.batches import MOST, batches
from adapters.dynamodb.item_store import Items
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Operation, Put, Update
from adapters.sqs.messages import LARGEST
from kernel.errors import ConditionFailedError
from kernel.model import bell_wire
from kernel.model.bell import Bell
from kernel.model.event import Event
from kernel.ports.blob_store import BlobStore
from kernel.ports.event_sink import EventSink, Published
from kernel.ports.job_transport import Delivery, JobTransport
from tests.benchmarks.units import DUE, INDEXES, item_size, read_units, write_units
from tests.benchmarks.usage import Kind, Meter

# As `TableItems` asks for them; that both count the same is a test.
_BACKWARD_PAGES: Final = (4, 16)
_PAGE: Final = 64

_SQS_REQUEST: Final = 64 * 1024


class MeteredItems:
    """Looks at every item before and after what is done to it; for one thread."""

    def __init__(self, inner: Items, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    def get(self, key: Key) -> Item | None:
        item = self._inner.get(key)
        self._read("GetItem", _kind(key.sk), item_size(item))
        return item

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        found = self._inner.query(pk, prefix, backwards=backwards)
        for size in chain(_BACKWARD_PAGES, repeat(_PAGE)) if backwards else (None,):
            page = list(islice(found, size))
            self._read("Query", _kind(prefix), sum(map(item_size, page)))
            yield from page
            if size is None or len(page) < size:
                return

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        return self._inner.walk(pk, prefix)

    def update(self, operation: Update) -> Item:
        before = self._inner.get(operation.key)
        try:
            after = self._inner.update(operation)
        except ConditionFailedError:
            self._written("UpdateItem", [(operation.key, before, before)])
            raise
        self._written("UpdateItem", [(operation.key, before, after)])
        return after

    def write(self, operations: Sequence[Operation]) -> None:
        keys = [operation.key for operation in operations]
        call = _call(operations)
        before = list(map(self._inner.get, keys))
        try:
            self._inner.write(operations)
        except ConditionFailedError:
            self._written(call, list(zip(keys, before, before, strict=True)))
            raise
        after = map(self._inner.get, keys)
        self._written(call, list(zip(keys, before, after, strict=True)))

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        self._meter.note(Kind.CALL, "dynamodb.BatchWriteItem")
        return self._inner.erase(pk, keep=keep, limit=limit)

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        found = self._inner.due(shard, by=by, limit=limit)
        size = sum(item_size(DUE.entry(item)) for item in found)
        self._read("Query", f"index {DUE.name}", size, consistent=False)
        return found

    def _read(self, call: str, what: str, size: int, *, consistent: bool = True) -> None:
        self._meter.note(Kind.CALL, f"dynamodb.{call}")
        self._meter.note(Kind.READ, what, read_units(size, consistent=consistent))

    def _written(self, call: str, images: Sequence[tuple[Key, Item | None, Item | None]]) -> None:
        self._meter.note(Kind.CALL, f"dynamodb.{call}")
        for key, before, after in images:
            units = write_units(before, after, in_transaction=call == "TransactWriteItems")
            self._meter.note(Kind.WRITE, f"{_kind(key.sk)} by {call}", units)
            for index in INDEXES:
                moved = index.write_units(before, after)
                if moved:
                    self._meter.note(Kind.WRITE, f"index {index.name}", moved)


class MeteredTransport:
    """Notes what is sent and handed out; receiving and deleting is the event source mapping's."""

    def __init__(self, inner: JobTransport, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        for batch in batches(bells, size=_size, limit=LARGEST):
            self._meter.note(Kind.CALL, "sqs.SendMessageBatch")
            requests = ceil(sum(map(_size, batch)) / _SQS_REQUEST)
            self._meter.note(Kind.SEND, "bells", requests)
        self._inner.send(bells, delay=delay)

    def receive(self, *, limit: int = 1, queue: str | None = None) -> Sequence[Delivery]:
        deliveries = self._inner.receive(limit=limit, queue=queue)
        self._meter.note(Kind.BELL, "bells", len(deliveries))
        return deliveries


class MeteredSink:
    """Notes what goes onto the bus."""

    def __init__(self, inner: EventSink, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    def publish(self, events: Sequence[Event]) -> Published:
        self._meter.note(Kind.CALL, "eventbridge.PutEvents", ceil(len(events) / MOST))
        self._meter.note(Kind.EVENT, "events", len(events))
        return self._inner.publish(events)


class MeteredBlobs:
    """Notes what is stored and fetched."""

    def __init__(self, inner: BlobStore, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self._meter.note(Kind.CALL, "s3.PutObject")
        self._meter.note(Kind.BLOB_PUT, "blobs")
        self._inner.put(key, content, content_type=content_type)

    def get(self, key: str) -> bytes:
        self._meter.note(Kind.CALL, "s3.GetObject")
        self._meter.note(Kind.BLOB_GET, "blobs")
        return self._inner.get(key)


def _call(operations: Sequence[Operation]) -> str:
    match operations:
        case [Update()]:
            return "UpdateItem"
        case [Put()]:
            return "PutItem"
        case _:
            return "TransactWriteItems"


def _kind(sk: str) -> str:
    """Return which of a run's items lies there: `STAGE` for `STAGE#0001#split`."""
    return sk.partition("#")[0]


def _size(bell: Bell) -> int:
    return len(bell_wire.encode(bell))
