"""How the records of a table are laid out, as the table itself says: a number in an item.

Code that knows another layout must not touch them, so it looks before it asks anything else.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from adapters.dynamodb import keys
from adapters.dynamodb.item_store import Items
from adapters.dynamodb.items import LAYOUT, Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import MISSING, Operation, Put, Update
from kernel.errors import ConditionFailedError

# Goes up when records are written that the versions before could not read, or would spoil.
CURRENT: Final = 1


class LayoutError(Exception):
    """The table was made, or changed since, by a version of Headrace that this one is not."""


class GuardedItems:
    """A table whose layout is looked at once, before the first of its items.

    A table that says nothing is new, or older than this item: it has the first layout, and says
    so from then on. Every method raises `LayoutError` where the layout is another one.
    """

    def __init__(self, items: Items, *, table: str) -> None:
        self._items = items
        self._table = table
        self._is_known = False

    def make_sure(self) -> None:
        """Look whether the layout is the one that this code knows; once it is, do nothing.

        Raises:
            LayoutError: It is another one.
        """
        if self._is_known:
            return
        found = (self._items.get(keys.LAYOUT) or self._marked()).get(LAYOUT)
        if found != CURRENT:
            raise LayoutError(
                f"The table {self._table!r} has layout {found!r}, and this version of Headrace"
                f" knows layout {CURRENT}: deploy a version that goes with the table, or set"
                " HEADRACE_TABLE to another one."
            )
        self._is_known = True

    def get(self, key: Key) -> Item | None:
        self.make_sure()
        return self._items.get(key)

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        self.make_sure()
        return self._items.query(pk, prefix, backwards=backwards)

    def walk(self, pk: str, prefix: str) -> Iterator[Item]:
        self.make_sure()
        return self._items.walk(pk, prefix)

    def update(self, operation: Update) -> Item:
        self.make_sure()
        return self._items.update(operation)

    def write(self, operations: Sequence[Operation]) -> None:
        self.make_sure()
        self._items.write(operations)

    def erase(self, pk: str, *, keep: str, limit: int) -> bool:
        self.make_sure()
        return self._items.erase(pk, keep=keep, limit=limit)

    def due(self, shard: str, *, by: str, limit: int) -> Sequence[Item]:
        self.make_sure()
        return self._items.due(shard, by=by, limit=limit)

    def _marked(self) -> Item:
        """Let the table say what it has, and return what it says."""
        key = keys.LAYOUT
        item = {"pk": key.pk, "sk": key.sk, LAYOUT: CURRENT}
        try:
            self._items.write([Put(key=key, item=item, requires=(MISSING,))])
        except ConditionFailedError:
            # Another process was first, perhaps one of another version.
            return self._items.get(key) or {}
        return item
