"""DeadLetter: an event that was refused for good, kept with the reason until it is replayed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.model.event import Event


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One event that was given up on.

    Args:
        event: The whole event; it keeps its id and its sequence.
        reason: Why it was refused the last time, in the words of who refused it.
        at: When it was given up on.
        expires_at: From when on the store may forget it.
    """

    event: Event
    reason: str
    at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class LetterFilter:
    """Which dead letters are meant; all, where nothing is said.

    Args:
        ids: Of their events; *types* likewise.
        older_than: They were given up on so long ago, or longer.
        younger_than: They were given up on so long ago, or less.
    """

    ids: Collection[str] | None = None
    types: Collection[str] | None = None
    older_than: timedelta | None = None
    younger_than: timedelta | None = None

    def fits(self, letter: DeadLetter, *, now: datetime) -> bool:
        age = now - letter.at
        return (
            (self.ids is None or letter.event.id in self.ids)
            and (self.types is None or letter.event.type in self.types)
            and (self.older_than is None or age >= self.older_than)
            and (self.younger_than is None or age <= self.younger_than)
        )
