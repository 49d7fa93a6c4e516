"""Where a value lies: in the record, or in the blob store with the record holding its key."""

from dataclasses import dataclass
from typing import TypeAlias

from kernel.model.json import Json


@dataclass(frozen=True, kw_only=True)
class Inline:
    """A value small enough to stay in its record."""

    value: Json


@dataclass(frozen=True, kw_only=True)
class Blob:
    """A value in the blob store. *size* is in bytes; *digest* is that of the JSON value."""

    key: str
    size: int
    digest: str


Payload: TypeAlias = Inline | Blob


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A file that a stage leaves for people. *size* is in bytes."""

    name: str
    key: str
    content_type: str
    size: int
