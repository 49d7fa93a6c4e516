"""DynamoDB's units by its published rules: emulators count them wrong, above all in transactions.

From the DynamoDB Developer Guide, in our words:

- *Item sizes and formats*. An item is as large as the names and the values of its attributes
  together. Text counts its UTF-8 bytes; a number about one byte for two significant digits and
  one more, without zeros in front or behind; true, false and null one byte. A list or map counts
  three bytes, its members, and one more byte for each member.
- *Read and write operations*. A write takes a unit for each started KB of the item before or after
  it, whichever is larger; one whose condition fails is charged for the item that is there, and at
  least one unit. A strongly consistent read takes a unit for each started 4 KB, an eventually
  consistent one half of that; a query is rounded once, over all that it read. What is not there
  costs as much as the least there is.
- *Transactions: how it works*. Every item is written twice, to prepare and to commit, so a
  transaction costs two units where a write alone costs one.
- *Global secondary indexes*. An entry that comes, goes, or changes in what is projected is one
  write of the index; one whose key changes is two, for the old entry goes and a new one comes; no
  change, no write. An item without the index's keys has no entry.

Whether index writes double in a transaction, the guide does not say. It does say that a finished
transaction is propagated to the indexes afterwards, like any write; and those who maintain the
suite `dynamodb-conformance` measured it on AWS in August 2026 (its issues 124 and 149, and pull
request 188 of `dynoxide`): the factor two is on the table alone. They also confirmed the sizing
of moved index entries, each of the two rounded by itself. So it is counted here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from typing import Any, Final, TypeAlias

Item: TypeAlias = Mapping[str, Any]

_WRITE: Final = 1024
_READ: Final = 4096
_CONTAINER: Final = 3
_MEMBER: Final = 1


@dataclass(frozen=True, kw_only=True)
class Index:
    """A global secondary index that projects keys only."""

    name: str
    hash: str
    sort: str

    def entry(self, item: Item | None) -> Item | None:
        """Return what the index holds of *item*; None where it holds nothing."""
        if item is None or self.hash not in item or self.sort not in item:
            return None
        return {name: item[name] for name in ("pk", "sk", self.hash, self.sort)}

    def write_units(self, before: Item | None, after: Item | None) -> int:
        old, new = self.entry(before), self.entry(after)
        if old == new:
            return 0
        return sum(_started(item_size(entry), _WRITE) for entry in (old, new) if entry)


DUE: Final = Index(name="due", hash="due_shard", sort="due_at")
RUNS: Final = Index(name="runs", hash="runs_hash", sort="runs_sort")
INDEXES: Final = (DUE, RUNS)


def write_units(before: Item | None, after: Item | None, *, in_transaction: bool) -> int:
    """Return what one write takes of the table itself."""
    larger = max(item_size(before), item_size(after))
    return _started(larger, _WRITE) * (2 if in_transaction else 1)


def read_units(size: int, *, consistent: bool = True) -> Decimal:
    """Return what one read takes that went over *size* bytes."""
    return Decimal(_started(size, _READ)) / (1 if consistent else 2)


def item_size(item: Item | None) -> int:
    return sum(_size(name) + _size(value) for name, value in (item or {}).items())


def _size(value: Any) -> int:
    match value:
        case bool() | None:
            return 1
        case str():
            return len(value.encode())
        case int() | Decimal():
            return _number_size(value)
        case Mapping():
            inner = sum(_size(name) + _size(each) + _MEMBER for name, each in value.items())
            return _CONTAINER + inner
        case list() | tuple():
            return _CONTAINER + sum(_size(each) + _MEMBER for each in value)
        case _:
            raise TypeError(f"DynamoDB has no form for {value!r}.")


def _number_size(number: int | Decimal) -> int:
    digits = f"{abs(number):f}".replace(".", "").strip("0")
    return 1 + ceil(len(digits) / 2)


def _started(size: int, step: int) -> int:
    return max(1, ceil(size / step))
