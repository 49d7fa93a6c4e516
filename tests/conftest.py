"""The `world` that most tests of the kernel live in, and what holds in it after each of them."""

from collections.abc import Iterator

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.ports.persistence import Persistence
from tests.support.due_watch import DueWatch
from tests.support.invariants import broken
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports


@pytest.fixture
def layout(request: pytest.FixtureRequest) -> Persistence | None:
    """Where records lie: `records` is the plainest place, `items` what DynamoDB would hold."""
    asked = getattr(request, "param", "records")
    return DynamoPersistence(MemoryItems()) if asked == "items" else None


@pytest.fixture
def world(layout: Persistence | None) -> Iterator[World]:
    """An engine on memory. After the test, what must always hold is looked at."""
    world = World(ports=memory_ports(persistence=SteeredPersistence(layout)))
    watch = DueWatch(world=world)
    world.persistence.watchers.append(watch)

    yield world

    assert not watch.problems
    assert not broken(world)
