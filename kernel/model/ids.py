"""How ids follow from one another, so that a repeat is recognisable."""

import hashlib


def job_id(run_id: str, stage_id: str, generation: int, attempt: int) -> str:
    """Name one attempt at one stage; also its idempotency key."""
    return f"{run_id}:{stage_id}:{generation}:{attempt}"


def blob_prefix(run_id: str, stage_id: str, generation: int, attempt: int) -> str:
    """Where one attempt keeps its blobs; no other attempt writes there."""
    return f"runs/{run_id}/{stage_id}/{generation}-{attempt}/"


def short(text: str, length: int = 16) -> str:
    """Return *length* hexadecimal digits that stand for *text*."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
