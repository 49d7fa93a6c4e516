"""Payloads too big for a record, and the files that stages keep."""

from collections.abc import Sequence
from typing import Protocol


class BlobStore(Protocol):
    """Bytes under keys. A key that holds an attempt's number is written by that attempt only.

    Keys are relative paths of printable characters with `/` between the parts. Every method
    raises `UnavailableError` when the store does not answer.
    """

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        """Store *content*, replacing what was there. It can be read as soon as this returns."""
        ...

    def get(self, key: str) -> bytes:
        """Return what was stored last.

        Raises:
            NotFoundError: There is nothing under *key*.
        """
        ...

    def exists(self, key: str) -> bool:
        """Return whether there is something under *key*."""
        ...

    def delete(self, key: str) -> None:
        """Remove what is under *key*; nothing being there is fine."""
        ...

    def purge(self, prefix: str, *, limit: int) -> bool:
        """Remove up to *limit* of the blobs whose keys start with *prefix*.

        Returns whether some may be left.
        """
        ...

    def keys(self, prefix: str) -> Sequence[str]:
        """Return every key that starts with *prefix*, sorted."""
        ...
