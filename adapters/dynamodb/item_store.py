"""What persistence needs of a table: items in and out, whole."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Operation, Update


class Items(Protocol):
    """One table. Reads are strongly consistent, but for `due`.

    Every method raises `UnavailableError` when the table does not answer, writes also
    `ConditionFailedError` when an item is not as an operation requires.
    """

    def get(self, key: Key) -> Item | None:
        """Return the item at *key*."""
        ...

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        """Yield what lies under *pk* with a sort key of that *prefix*, in its order.

        *backwards*: from the last one, in pages that begin small.
        """
        ...

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        """Yield the same from the first one on, in pages that begin small."""
        ...

    def update(self, operation: Update) -> Item:
        """Do it, and return the item as it is then."""
        ...

    def write(self, operations: Sequence[Operation]) -> None:
        """Do all of them, or none; one alone is no transaction, and costs half."""
        ...

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        """Remove up to *limit* items under *pk*, but not the one whose sort key is *keep*.

        Returns whether some may be left.
        """
        ...

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        """Return the keys and `due_at` of the first *limit* items of *shard* due *by* then."""
        ...
