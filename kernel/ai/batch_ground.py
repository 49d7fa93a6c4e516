"""Where a stage's batch stands: whose it is, what it is called, and where its records lie.

Parts are written by one attempt or one poll only, below a folder with its number. A record of what
holds (`staged.json`, `handed-0.json`, ...) may be written by several, and says the same whoever
writes it, or names a whole that one of them wrote.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, cast

from kernel.ai.batch_wire import encoded, json_lines, records_of
from kernel.ai.ledger import Ledger
from kernel.errors import NotFoundError
from kernel.model.ids import short
from kernel.model.message import ModelReply, ModelRequest
from kernel.ports.batch_model import BatchModel
from kernel.ports.blob_store import BlobStore
from kernel.ports.clock import Clock
from kernel.ports.price_book import PriceBook

JSON: Final = "application/json"
LINES: Final = "application/jsonl"
PART_BYTES: Final = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What one direct call came to; *cost* in US dollars, None where nobody knows."""

    reply: ModelReply
    cost: Decimal | None


@dataclass(frozen=True, kw_only=True)
class BatchGround:
    """What a batch needs of the attempt, or poll, that works on it.

    Args:
        writer: Names the attempt and the poll; no other writes under it.
        deadline: When the code must have ended.
        ask: Makes one direct call, written down like any other.
    """

    run_id: str
    stage_id: str
    generation: int
    writer: str
    topic: str
    deadline: datetime
    blobs: BlobStore
    batches: BatchModel
    prices: PriceBook
    ledger: Ledger
    clock: Clock
    ask: Callable[[ModelRequest], Asked]

    def key_of(self, model: str) -> str:
        """Name the batch of *model* in this stage."""
        return short(f"{self.topic} {model}", 8)

    def folder(self, key: str, round_: int) -> "BatchFolder":
        return BatchFolder(ground=self, key=key, round=round_)

    def line_id(self, key: str, item_id: str) -> str:
        """Name an item's request at the provider, among those of all runs."""
        return short(f"{self.run_id}:{self.stage_id}:{self.generation}:{key}:{item_id}", 32)

    def timer(self) -> Callable[[], bool]:
        """Return what says whether more than half of the time from now on is left."""
        began_at = self.clock.now()
        half = began_at + (self.deadline - began_at) / 2
        return lambda: self.clock.now() < half

    def past(self, moment: datetime, *, by: timedelta = timedelta()) -> bool:
        return self.clock.now() >= moment + by


@dataclass(frozen=True, kw_only=True)
class BatchFolder:
    """The records of one round."""

    ground: BatchGround
    key: str
    round: int

    @cached_property
    def prefix(self) -> str:
        ground = self.ground
        place = f"runs/{ground.run_id}/{ground.stage_id}/{ground.generation}"
        return f"{place}/batch/{self.key}/{self.round}/"

    @cached_property
    def name(self) -> str:
        """The round's name: on the bill, and at the provider with the number of the batch."""
        ground = self.ground
        whose = f"{ground.run_id}:{ground.stage_id}:{ground.generation}:{self.key}"
        return f"headrace-{short(whose, 24)}-{self.round}"

    @property
    def next(self) -> "BatchFolder":
        return BatchFolder(ground=self.ground, key=self.key, round=self.round + 1)

    def read(self, name: str) -> dict[str, Any] | None:
        """Return what the record of that name says; None where there is none."""
        try:
            content = self.ground.blobs.get(f"{self.prefix}{name}.json")
        except NotFoundError:
            return None
        return cast("dict[str, Any]", json.loads(content))

    def write(self, name: str, record: Mapping[str, Any]) -> None:
        content = encoded(record).encode("utf-8", "surrogatepass")
        self.ground.blobs.put(f"{self.prefix}{name}.json", content, content_type=JSON)

    def write_part(self, name: str, lines: Sequence[str]) -> str:
        """Write *lines* as a blob of this writer's own; return its key."""
        key = f"{self.prefix}{self.ground.writer}/{name}.jsonl"
        self.ground.blobs.put(key, json_lines(lines), content_type=LINES)
        return key

    def write_parts(self, name: str, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """Write *records* as JSON lines, a few megabytes a blob; return the keys."""
        parts = enumerate(_parts(records))
        return [self.write_part(f"{name}-{number:05}", part) for number, part in parts]

    def read_parts(self, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield the records of these blobs, with one of them in memory at a time."""
        for key in keys:
            yield from records_of(self.ground.blobs.get(key))


def _parts(records: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for record in records:
        line = encoded(record)
        length = len(line.encode("utf-8", "surrogatepass")) + 1
        if part and size + length > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(line)
        size += length
    if part:
        yield part
