"""Telling the world."""

from collections.abc import Sequence
from typing import Protocol

from kernel.model.event import Event


class EventSink(Protocol):
    """Where events go when they leave the outbox. Each may arrive more than once."""

    def publish(self, events: Sequence[Event]) -> Sequence[Event]:
        """Send *events* in their order, stopping at the first that is refused.

        Returns:
            Those that were accepted: a leading part of *events*, possibly all, possibly none.

        Raises:
            UnavailableError: It did not answer; any number may have been accepted.
        """
        ...
