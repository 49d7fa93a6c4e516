"""The cursor layout keeps the promises of persistence, over dictionaries and over moto."""

from collections.abc import Callable, Iterator

import pytest

from adapters.dynamodb.items import Item
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.model.status import Status
from tests.conformance.persistence import PersistenceContract
from tests.conformance.persistence_ground import completion, given_solo, running


class TestDynamoPersistenceOverMemory(PersistenceContract):
    @pytest.fixture
    def persistence(self) -> DynamoPersistence:
        return DynamoPersistence(MemoryItems())


class SlowItems(MemoryItems):
    """Between its reads of the run and of the stages, others get a word in."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = object

    def query(self, pk: str, prefix: str, *, backwards: bool = False) -> Iterator[Item]:
        self.meanwhile()
        return super().query(pk, prefix, backwards=backwards)


def test_a_stage_that_settles_between_two_reads_is_seen_settled() -> None:
    items = SlowItems()
    persistence = DynamoPersistence(items)
    stage = given_solo(persistence, "run-1", **running())
    items.meanwhile = lambda: persistence.commit([completion(stage)])

    [seen] = persistence.snapshot("run-1").stages

    assert seen.status is Status.COMPLETED


class TestDynamoPersistence(PersistenceContract):
    @pytest.fixture
    def persistence(self, dynamo: DynamoPersistence) -> DynamoPersistence:
        return dynamo
