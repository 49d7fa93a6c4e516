"""So many at a time: a poller takes bells only while there is somebody free to answer them."""

import threading
from collections import deque


class Seats:
    """*count* seats, for pollers that wait in line: none of them gets all, for good."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._is_closed = False
        self._changed = threading.Condition()
        self._line: deque[object] = deque()

    @property
    def waiting(self) -> int:
        """How many are in line."""
        with self._changed:
            return len(self._line)

    def take(self, most: int) -> int:
        """Wait for at least one seat; return how many were taken, 0 where they are closed."""
        me = object()
        with self._changed:
            self._line.append(me)
            self._changed.wait_for(lambda: self._is_closed or self._is_next(me))
            taken = 0 if self._is_closed else self._share(most)
            self._line.remove(me)
            self._free -= taken
            self._changed.notify_all()
        return taken

    def leave(self, count: int = 1) -> None:
        """Free *count* seats."""
        with self._changed:
            self._free += count
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody take any from now on, those in line included."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _is_next(self, me: object) -> bool:
        return self._free > 0 and self._line[0] is me

    def _share(self, most: int) -> int:
        return max(1, min(most, self._free // len(self._line)))
