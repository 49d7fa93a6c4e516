"""The stores that every schedule is played on."""

from collections.abc import Callable

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.ports.bundle import Ports
from tests.support.world import memory_ports


def on_items() -> Ports:
    """Return ports over the cursor layout's items, in memory."""
    return memory_ports(persistence=DynamoPersistence(MemoryItems()))


@pytest.fixture(params=[memory_ports, on_items], ids=["records", "items"])
def make_ports(request: pytest.FixtureRequest) -> Callable[[], Ports]:
    made: Callable[[], Ports] = request.param
    return made
