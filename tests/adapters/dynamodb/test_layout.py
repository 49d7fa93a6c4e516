"""A table says how it is laid out; whoever knows another layout leaves it alone."""

from collections.abc import Callable
from typing import Any, Final

import boto3
import pytest

from adapters.dynamodb import keys
from adapters.dynamodb.item_store import Items
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Key
from adapters.dynamodb.layout import CURRENT, GuardedItems, LayoutError
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.operations import MISSING, Delete, Put, Update
from adapters.dynamodb.table_items import TableItems
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from kernel.errors import UnavailableError
from tests.support.aws import REGION

HERE: Final = Key(pk="RUN#1", sk="RUN")
ASKED: Final[dict[str, Callable[[Items], object]]] = {
    "get": lambda items: items.get(HERE),
    "query": lambda items: items.query(HERE.pk, ""),
    "walk": lambda items: items.walk(HERE.pk, ""),
    "update": lambda items: items.update(Update(key=HERE, requires=(MISSING,))),
    "write": lambda items: items.write([Delete(key=HERE)]),
    "erase": lambda items: items.erase(HERE.pk, keep="", limit=1),
    "due": lambda items: items.due("0", by="2026", limit=1),
}


class Watched:
    """Items that note what is asked of them, and may be out of reach at first."""

    def __init__(self, items: Items) -> None:
        self.asked: list[str] = []
        self.is_away = False
        self._items = items

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        if self.is_away:
            raise UnavailableError("The table is out of reach.")
        return getattr(self._items, name)


class Overtaken(MemoryItems):
    """Items among which another process puts its layout just before this one does."""

    def __init__(self, layout: int) -> None:
        super().__init__()
        self._theirs = layout

    def get(self, key: Key) -> Item | None:
        found = super().get(key)
        if found is None:
            self.write([layout(self._theirs)])
        return found


def layout(number: int) -> Put:
    key = keys.LAYOUT
    return Put(key=key, item={"pk": key.pk, "sk": key.sk, "layout": number})


@pytest.fixture
def watched() -> Watched:
    return Watched(MemoryItems())


@pytest.fixture
def guarded(watched: Watched) -> GuardedItems:
    return GuardedItems(watched, table="headrace")


@pytest.mark.parametrize("name", ASKED)
def test_a_table_of_another_layout_is_left_alone(
    watched: Watched, guarded: GuardedItems, name: str
) -> None:
    watched.write([layout(CURRENT + 1)])
    watched.asked.clear()

    with pytest.raises(LayoutError, match=r"The table 'headrace' has layout 2, and this version"):
        ASKED[name](guarded)

    assert watched.asked == ["get"]


@pytest.mark.parametrize("name", ASKED)
def test_it_is_looked_at_once_before_anything_else(
    watched: Watched, guarded: GuardedItems, name: str
) -> None:
    watched.write([layout(CURRENT)])
    watched.asked.clear()

    ASKED[name](guarded)
    guarded.get(HERE)

    assert watched.asked == ["get", name, "get"]


def test_a_table_that_says_nothing_says_from_then_on_what_it_has(guarded: GuardedItems) -> None:
    guarded.make_sure()

    assert guarded.get(keys.LAYOUT) == {"pk": "LAYOUT", "sk": "LAYOUT", "layout": CURRENT}


def test_where_two_say_it_at_once_both_go_on() -> None:
    overtaken = Overtaken(CURRENT)

    GuardedItems(overtaken, table="headrace").make_sure()

    assert (overtaken.get(keys.LAYOUT) or {})["layout"] == CURRENT


def test_where_a_newer_version_says_it_first_this_one_stands_back() -> None:
    overtaken = Overtaken(CURRENT + 1)

    with pytest.raises(LayoutError):
        GuardedItems(overtaken, table="headrace").make_sure()

    assert (overtaken.get(keys.LAYOUT) or {})["layout"] == CURRENT + 1


def test_a_process_that_was_refused_goes_on_once_the_table_is_as_it_knows_it(
    watched: Watched, guarded: GuardedItems
) -> None:
    watched.write([layout(CURRENT + 1)])
    with pytest.raises(LayoutError):
        guarded.get(HERE)
    watched.write([layout(CURRENT)])

    assert guarded.get(HERE) is None


def test_a_table_that_does_not_answer_is_looked_at_again(
    watched: Watched, guarded: GuardedItems
) -> None:
    watched.is_away = True
    with pytest.raises(UnavailableError):
        guarded.get(HERE)
    watched.is_away = False
    watched.asked.clear()

    guarded.get(HERE)

    assert watched.asked == ["get", "write", "get"]


def test_a_real_table_keeps_it(table: str) -> None:
    def items() -> GuardedItems:
        inner = TableItems(
            table=table, region=REGION, clock=SkippingClock(), entropy=SeededEntropy()
        )
        return GuardedItems(inner, table=table)

    items().make_sure()
    items().make_sure()

    stored = boto3.client("dynamodb", region_name=REGION).scan(TableName=table)["Items"]
    assert stored == [{"pk": {"S": "LAYOUT"}, "sk": {"S": "LAYOUT"}, "layout": {"N": "1"}}]
