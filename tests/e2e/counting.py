"""Ports that count how often they are called, and a table that counts what was looked at in it."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import chain, islice, repeat
from typing import Any, Final

from adapters.dynamodb.item_store import Items
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Operation, Update
from kernel.ports.bundle import Ports

# As `TableItems` asks for them.
_BACKWARD_PAGES: Final = (4, 16)
_PAGE: Final = 64


@dataclass(frozen=True, kw_only=True)
class Count:
    """What was asked so far. *reads* are calls, *items* what they looked at."""

    reads: int = 0
    items: int = 0
    writes: int = 0

    def __sub__(self, before: "Count") -> "Count":
        return Count(
            reads=self.reads - before.reads,
            items=self.items - before.items,
            writes=self.writes - before.writes,
        )

    def __str__(self) -> str:
        return f"{self.reads} reads of {self.items} items, {self.writes} writes"


@dataclass(kw_only=True)
class CountingItems:
    """Many threads may use it at once."""

    inner: Items
    _counts: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def count(self) -> Count:
        with self._lock:
            return Count(**self._counts)

    def get(self, key: Key) -> Item | None:
        item = self.inner.get(key)
        self._note(reads=1, items=item is not None)
        return item

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        found = self.inner.query(pk, prefix, backwards=backwards)
        for size in chain(_BACKWARD_PAGES, repeat(_PAGE)) if backwards else (None,):
            page = list(islice(found, size))
            self._note(reads=1, items=len(page))
            yield from page
            if size is None or len(page) < size:
                return

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        return self.inner.walk(pk, prefix)

    def update(self, operation: Update) -> Item:
        self._note(writes=1)
        return self.inner.update(operation)

    def write(self, operations: Sequence[Operation]) -> None:
        self._note(writes=1)
        self.inner.write(operations)

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        self._note(reads=1, writes=1)
        return self.inner.erase(pk, keep=keep, limit=limit)

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        found = self.inner.due(shard, by=by, limit=limit)
        self._note(reads=1, items=len(found))
        return found

    def _note(self, **counts: int) -> None:
        with self._lock:
            self._counts.update(counts)


def counted(ports: Ports, calls: list[str]) -> Ports:
    """Return *ports*, each of whose calls is added to *calls*."""
    names = [port.name for port in fields(ports)]
    return replace(ports, **{name: _Counted(name, getattr(ports, name), calls) for name in names})


class _Counted:
    """Any port."""

    def __init__(self, name: str, port: object, calls: list[str]) -> None:
        self._name = name
        self._port = port
        self._calls = calls

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._port, method)
        if callable(target):
            self._calls.append(f"{self._name}.{method}")
        return target
