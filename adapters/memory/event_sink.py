"""A sink that remembers what it was told."""

import threading
from collections.abc import Sequence

from kernel.model.event import Event


class MemoryEventSink:
    """Collects events; one that comes twice is there twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    @property
    def events(self) -> Sequence[Event]:
        """All of them, in the order they came."""
        with self._lock:
            return tuple(self._events)

    @property
    def types(self) -> Sequence[str]:
        """What happened, in a word each."""
        return tuple(event.type for event in self.events)

    def publish(self, events: Sequence[Event]) -> Sequence[Event]:
        with self._lock:
            self._events.extend(events)
        return events
