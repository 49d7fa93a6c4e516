"""A meter that remembers what was committed."""

import threading
from collections.abc import Sequence

from kernel.model.change import Change


class MemoryMeter:
    """Collects commits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._commits: list[tuple[Change, ...]] = []

    @property
    def commits(self) -> Sequence[tuple[Change, ...]]:
        """All of them, in the order they came."""
        with self._lock:
            return tuple(self._commits)

    def committed(self, changes: Sequence[Change]) -> None:
        with self._lock:
            self._commits.append(tuple(changes))
