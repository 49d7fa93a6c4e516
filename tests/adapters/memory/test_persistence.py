"""Memory keeps the promises of persistence."""

import pytest

from adapters.memory.persistence import MemoryPersistence
from tests.conformance.persistence import PersistenceContract


class TestMemoryPersistence(PersistenceContract):
    @pytest.fixture
    def persistence(self) -> MemoryPersistence:
        return MemoryPersistence()
