"""Every promise is kept twice: on plain records, and on the items that DynamoDB would hold."""

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.ports.persistence import Persistence


@pytest.fixture(params=["records", "items"])
def layout(request: pytest.FixtureRequest) -> Persistence | None:
    return DynamoPersistence(MemoryItems()) if request.param == "items" else None
