"""Telling the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kernel.model.event import Event


@dataclass(frozen=True, kw_only=True)
class Published:
    """What became of some events.

    Args:
        accepted: Those that were accepted: a leading part, possibly all, possibly none.
        refusal: Why the first one after these is refused, now and for good: something is wrong
            with the event itself. None where nothing is, and the sink just took no more.
    """

    accepted: Sequence[Event]
    refusal: str | None = None


class EventSink(Protocol):
    """Where events go when they leave the outbox. Each may arrive more than once."""

    def publish(self, events: Sequence[Event]) -> Published:
        """Send *events* in their order, stopping at the first that is not accepted.

        That the sink is busy, out of reach, or not there is no refusal of an event, and neither
        is whatever would befall every other event as well.

        Raises:
            UnavailableError: It did not answer; any number may have been accepted.
        """
        ...
