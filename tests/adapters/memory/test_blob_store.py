"""The memory blob store keeps its port's promises, and shares nothing."""

from collections.abc import Callable

import pytest

from adapters.memory import MemoryBlobStore
from tests.conformance.blob_store import BlobStoreContract


class TestMemoryBlobStore(BlobStoreContract):
    @pytest.fixture
    def blobs(self) -> MemoryBlobStore:
        return MemoryBlobStore()

    @pytest.fixture
    def content_type_of(self, blobs: MemoryBlobStore) -> Callable[[str], str]:
        return blobs.content_type


def test_changing_what_was_put_does_not_change_the_blob() -> None:
    blobs = MemoryBlobStore()
    content = bytearray(b"before")
    blobs.put("blob", content, content_type="text/plain")  # type: ignore[arg-type]

    content[:] = b"after!"

    assert blobs.get("blob") == b"before"
