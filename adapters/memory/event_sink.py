"""A sink that remembers what it was told."""

import threading
from collections.abc import Sequence
from itertools import takewhile

from kernel.model.event import Event
from kernel.ports.event_sink import Published


class MemoryEventSink:
    """Collects events; one that comes twice is there twice. One without a type it refuses."""

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

    def publish(self, events: Sequence[Event]) -> Published:
        accepted = tuple(takewhile(lambda event: event.type, events))
        with self._lock:
            self._events.extend(accepted)
        is_whole = len(accepted) == len(events)
        return Published(accepted=accepted, refusal=None if is_whole else "It has no type.")
