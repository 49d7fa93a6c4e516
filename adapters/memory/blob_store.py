"""Payloads in a dictionary."""

import threading
from collections.abc import Sequence

from kernel.errors import NotFoundError
from kernel.model.blob_key import checked


class MemoryBlobStore:
    """Bytes, which nobody can change behind our back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: dict[str, tuple[bytes, str]] = {}

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        with self._lock:
            self._blobs[checked(key)] = (bytes(content), content_type)

    def get(self, key: str) -> bytes:
        return self._blob(key)[0]

    def content_type(self, key: str) -> str:
        """Return what *key* was stored as."""
        return self._blob(key)[1]

    def exists(self, key: str) -> bool:
        with self._lock:
            return checked(key) in self._blobs

    def delete(self, key: str) -> None:
        with self._lock:
            self._blobs.pop(checked(key), None)

    def purge(self, prefix: str, *, limit: int) -> bool:
        with self._lock:
            found = [key for key in self._blobs if key.startswith(prefix)]
            for key in found[:limit]:
                del self._blobs[key]
            return len(found) > limit

    def keys(self, prefix: str) -> Sequence[str]:
        with self._lock:
            return sorted(key for key in self._blobs if key.startswith(prefix))

    def _blob(self, key: str) -> tuple[bytes, str]:
        with self._lock:
            if checked(key) not in self._blobs:
                raise NotFoundError(f"There is no blob under {key!r}.", key=key)
            return self._blobs[key]
