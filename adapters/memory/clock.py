"""Clocks for tests: one stands until it is moved, one also moves when somebody sleeps."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Final

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)


class FrozenClock:
    """Stands still. Sleeping takes no time on it."""

    def __init__(self, moment: datetime = NOON) -> None:
        self._lock = threading.Lock()
        self._now = _whole(moment)

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def sleep(self, span: timedelta) -> None:
        """Return at once; it is as late as before."""

    def set(self, moment: datetime) -> None:
        """Make it *moment*, be it later or earlier."""
        with self._lock:
            self._now = _whole(moment)

    def advance(self, span: timedelta) -> None:
        """Make it later by *span*."""
        with self._lock:
            self._now = _whole(self._now + span)


class SkippingClock(FrozenClock):
    """Whoever sleeps on it wakes at once, and it is later: a day's wait takes no time."""

    def sleep(self, span: timedelta) -> None:
        """Skip *span*."""
        self.advance(max(timedelta(), span))

    def jump_to(self, moment: datetime) -> None:
        """Make it *moment*, unless it is later already."""
        with self._lock:
            self._now = max(self._now, _whole(moment))


def _whole(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} does not say in which time zone it is.")
    utc = moment.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
