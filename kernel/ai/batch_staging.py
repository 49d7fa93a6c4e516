"""What is to be handed in, kept first: so that whoever repeats it hands in the very same."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kernel.ai.batch_ground import PART_BYTES, BatchFolder
from kernel.ai.batch_wire import encoded, request_of, request_wire
from kernel.authoring.batches import BatchItem
from kernel.authoring.schema import Schema
from kernel.errors import InvalidInputError
from kernel.model.message import Message, ModelRequest, Text, Usage
from kernel.model.money import nanos
from kernel.ports.batch_model import BatchLimits, BatchLine

# Within one poll the answers of a whole batch are read.
MOST_LINES: Final = 10_000
MOST_BYTES: Final = 100_000_000
CHARACTERS_A_TOKEN: Final = 4
LIKELY_OUTPUT: Final = 1_024
STAGED: Final = "staged"


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """What becomes one batch of the provider's. *is_small*: it takes none as small as this."""

    lines: int
    parts: tuple[str, ...]
    is_small: bool = False


@dataclass(frozen=True, kw_only=True)
class Staged:
    """All of one round. *reserve*: what it may cost, in nanodollars; None where nobody knows."""

    model: str
    at: datetime
    chunks: tuple[Chunk, ...]
    reserve: int | None = 0

    @property
    def lines(self) -> int:
        return sum(chunk.lines for chunk in self.chunks)

    @property
    def handed(self) -> int:
        """How many lines a provider gets to see."""
        return sum(chunk.lines for chunk in self.chunks if not chunk.is_small)

    @property
    def wire(self) -> dict[str, Any]:
        chunks = [vars(chunk) | {"parts": list(chunk.parts)} for chunk in self.chunks]
        return vars(self) | {"at": self.at.isoformat(), "chunks": chunks}


def found(folder: BatchFolder) -> Staged | None:
    """Return what was staged for that round, whoever did it."""
    wire = folder.read(STAGED)
    if wire is None:
        return None
    chunks = tuple(Chunk(**one | {"parts": tuple(one["parts"])}) for one in wire["chunks"])
    return Staged(**wire | {"at": datetime.fromisoformat(wire["at"]), "chunks": chunks})


def staged(folder: BatchFolder, model: str, records: Iterable[Mapping[str, Any]]) -> Staged:
    """Write the parts of a round. It is not the round's before `settle_on` says so."""
    writing = _Writing(folder, model)
    for record in records:
        writing.add(record)
    return writing.done()


def settle_on(folder: BatchFolder, made: Staged) -> None:
    """Say that *made* is what the round hands in."""
    folder.write(STAGED, made.wire)


def records_from(
    folder: BatchFolder, model: str, items: Iterable[BatchItem]
) -> Iterator[dict[str, Any]]:
    """Yield *items* as they are kept.

    Raises:
        InvalidInputError: One has no id, or that of another one.
    """
    schemas: dict[int, Any] = {}
    seen: set[str] = set()
    for item in items:
        line = folder.ground.line_id(folder.key, item.id)
        if not item.id or line in seen:
            problem = f"{item.id!r} names two items" if item.id else "an item has no id"
            message = f"A batch cannot be handed in: {problem}."
            raise InvalidInputError(message, problems=[problem])
        seen.add(line)
        request = _request(model, item, schemas)
        yield {"item": item.id, "line": line, "request": request_wire(request)}


def lines_of(folder: BatchFolder, chunk: Chunk) -> Iterator[BatchLine]:
    for record in folder.read_parts(chunk.parts):
        yield BatchLine(id=record["line"], request=request_of(record["request"]))


class _Writing:
    """Cuts records into parts, and parts into batches that the provider takes."""

    def __init__(self, folder: BatchFolder, model: str) -> None:
        self._folder = folder
        self._ground = folder.ground
        self._model = model
        self._limits = self._ground.batches.limits(model)
        self._at = self._ground.clock.now()
        self._chunks: list[Chunk] = []
        self._parts: list[str] = []
        self._lines = self._bytes = 0
        self._part: list[str] = []
        self._part_bytes = 0
        self._written = 0
        self._reserve: int | None = 0

    def add(self, record: Mapping[str, Any]) -> None:
        line = encoded(record)
        size = len(line.encode("utf-8", "surrogatepass")) + 1
        if self._lines + 1 > most_lines(self._limits) or self._bytes + size > most_bytes(
            self._limits
        ):
            self._end_chunk()
        elif self._part_bytes + size > PART_BYTES:
            self._end_part()
        self._part.append(line)
        self._part_bytes += size
        self._lines += 1
        self._bytes += size
        self._hold_back(record)

    def done(self) -> Staged:
        self._end_chunk()
        return Staged(
            model=self._model,
            at=self._at,
            chunks=tuple(self._chunks),
            reserve=self._reserve,
        )

    def _end_part(self) -> None:
        if self._part:
            name = f"items-{self._written:05}"
            self._parts.append(self._folder.write_part(name, self._part))
            self._written += 1
        self._part, self._part_bytes = [], 0

    def _end_chunk(self) -> None:
        self._end_part()
        if self._lines:
            is_small = self._lines < self._limits.least_lines
            chunk = Chunk(lines=self._lines, parts=tuple(self._parts), is_small=is_small)
            self._chunks.append(chunk)
        self._parts, self._lines, self._bytes = [], 0, 0

    def _hold_back(self, record: Mapping[str, Any]) -> None:
        request = record["request"]
        usage = Usage(
            input=len(encoded(request)) // CHARACTERS_A_TOKEN,
            output=request.get("max_tokens") or LIKELY_OUTPUT,
        )
        price = self._ground.prices.price(self._model, usage, at=self._at, batch=True)
        if price is None or self._reserve is None:
            self._reserve = None
        else:
            self._reserve += nanos(price.cost)


def most_lines(limits: BatchLimits) -> int:
    return min(limits.most_lines, MOST_LINES)


def most_bytes(limits: BatchLimits) -> int:
    # A provider's own form of a line may be a little longer than ours.
    return min(limits.most_bytes * 4 // 5, MOST_BYTES)


def _request(model: str, item: BatchItem, schemas: dict[int, Any]) -> ModelRequest:
    if item.schema is not None and id(item.schema) not in schemas:
        schemas[id(item.schema)] = Schema(of=item.schema).json_schema()
    return ModelRequest(
        model=model,
        messages=_messages(item),
        system=item.system,
        schema=schemas.get(id(item.schema)) if item.schema is not None else None,
        max_tokens=item.max_tokens,
        temperature=item.temperature,
        stop=tuple(item.stop),
        options=item.options,
    )


def _messages(item: BatchItem) -> tuple[Message, ...]:
    if not isinstance(item.prompt, str):
        return tuple(item.prompt)
    return (Message(role="user", parts=(*item.media, Text(text=item.prompt))),)
