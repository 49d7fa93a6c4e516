"""Presence: a worker says that it serves a named queue, again and again while it does."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Self

# Two of those that come every minute may be lost.
LASTS: Final = timedelta(minutes=3)


@dataclass(frozen=True, kw_only=True)
class Presence:
    """One worker at one queue.

    Args:
        since: When it began to serve the queue.
        seen_at: When it said so the last time.
        expires_at: From when on it does not serve the queue, unless it says so again.
        fingerprints: Its versions of the workflows that have a stage for this queue, by id.
    """

    queue: str
    worker_id: str
    since: datetime
    seen_at: datetime
    expires_at: datetime
    fingerprints: Mapping[str, str]

    def renewed(self, *, at: datetime) -> Self:
        return replace(self, seen_at=at, expires_at=at + LASTS)

    def ended(self, *, at: datetime) -> Self:
        return replace(self, seen_at=at, expires_at=at)

    def is_there(self, now: datetime) -> bool:
        return now < self.expires_at
