"""A logbook that remembers its lines."""

import threading
from collections.abc import Sequence

from kernel.ports.logbook import LogEntry


class MemoryLogbook:
    """Collects entries."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[LogEntry] = []

    @property
    def entries(self) -> Sequence[LogEntry]:
        """All of them, in the order they came."""
        with self._lock:
            return tuple(self._entries)

    @property
    def messages(self) -> Sequence[str]:
        """What they say, without their fields."""
        return tuple(entry.message for entry in self.entries)

    def write(self, entry: LogEntry) -> None:
        with self._lock:
            self._entries.append(entry)
