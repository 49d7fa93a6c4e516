"""`context.storage`: blobs under the attempt's own prefix, and nowhere else."""

import json
from typing import cast

from kernel.errors import InvalidInputError
from kernel.model.json import Json, canonical
from kernel.ports.blob_store import BlobStore

BYTES = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
LONGEST_NAME = 200


class JobStorage:
    """Names are relative paths; what would lead out of the prefix is refused."""

    def __init__(self, blobs: BlobStore, prefix: str) -> None:
        self._blobs = blobs
        self._prefix = f"{prefix}files/"

    def save(
        self, name: str, content: bytes | str | Json, content_type: str | None = None
    ) -> None:
        encoded, natural = encode(content)
        self._blobs.put(self._key(name), encoded, content_type=content_type or natural)

    def load(self, name: str) -> bytes:
        return self._blobs.get(self._key(name))

    def load_json(self, name: str) -> Json:
        return cast("Json", json.loads(self.load(name)))

    def exists(self, name: str) -> bool:
        return self._blobs.exists(self._key(name))

    def delete(self, name: str) -> None:
        self._blobs.delete(self._key(name))

    def names(self) -> list[str]:
        return [key.removeprefix(self._prefix) for key in self._blobs.keys(self._prefix)]

    def _key(self, name: str) -> str:
        return f"{self._prefix}{checked(name)}"


def checked(name: str) -> str:
    """Return *name* if it can be part of a key.

    Raises:
        InvalidInputError: It is empty, too long, or leads somewhere else.
    """
    parts = name.split("/")
    if (
        not name
        or len(name) > LONGEST_NAME
        or not name.isprintable()
        or {"", ".", ".."} & {*parts}
    ):
        message = (
            f"{name!r} cannot name a blob: give a relative path of printable characters,"
            f" at most {LONGEST_NAME}, without empty parts, '.' or '..'."
        )
        raise InvalidInputError(message, problems=[message])
    return name


def encode(content: bytes | str | Json) -> tuple[bytes, str]:
    """Return the bytes of *content*, and the content type that goes with its kind."""
    match content:
        case bytes():
            return content, BYTES
        case str():
            return content.encode(), TEXT
        case _:
            return canonical(content).encode(), JSON
