"""Values in and out of records: small ones stay inline, large ones go to the blob store."""

import json
from collections.abc import Iterable
from typing import cast

from kernel.model.json import Json, canonical, digest
from kernel.model.payload import Blob, Inline, Payload
from kernel.model.stage import StageRecord
from kernel.ports.blob_store import BlobStore


def keep(blobs: BlobStore, value: Json, *, key: str, limit: int) -> Payload:
    """Return what a record keeps of *value*: itself, or where it now lies.

    The blob is there before the record that names it. Its key is one that only this attempt
    writes, so a repeat writes the same bytes and a late worker overwrites nobody's.
    """
    encoded = canonical(value).encode("utf-8", "surrogatepass")
    if len(encoded) <= limit:
        return Inline(value=value)
    blobs.put(key, encoded, content_type="application/json")
    return Blob(key=key, size=len(encoded), digest=digest(value))


def fetch(blobs: BlobStore, payload: Payload) -> Json:
    """Return the value behind *payload*.

    Raises:
        NotFoundError: Its blob is gone.
    """
    match payload:
        case Inline(value=value):
            return value
        case Blob(key=key):
            return cast("Json", json.loads(blobs.get(key).decode("utf-8", "surrogatepass")))


def output(blobs: BlobStore, stage: StageRecord) -> Json:
    """Return what the stage put out; None where it was skipped."""
    return fetch(blobs, stage.result.output) if stage.result else None


def merged(blobs: BlobStore, stages: Iterable[StageRecord]) -> Json:
    """Return the output of a whole group: the one stage's, or an object keyed by stage id."""
    together = list(stages)
    if len(together) == 1 and together[0].solo:
        return output(blobs, together[0])
    return {stage.id: output(blobs, stage) for stage in together}
