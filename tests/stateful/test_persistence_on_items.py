"""Records in dictionaries, and the cursor layout over items in dictionaries: the same results."""

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.memory import MemoryPersistence
from tests.stateful.persistence import compare


def test_records_and_items_do_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    done = compare(
        lambda: {
            "records": MemoryPersistence(),
            "items": DynamoPersistence(MemoryItems(), due_shards=2),
        },
        examples=200,
    )

    with capsys.disabled():
        print(f"\nrecords and items: {done}")
