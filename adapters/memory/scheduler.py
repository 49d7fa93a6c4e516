"""Two schedulers for tests: one remembers what is to ring, one forgets it at once."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.model import bell_wire
from kernel.model.bell import Bell
from kernel.model.lacking import no_queue


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A bell, and when it is to ring."""

    moment: datetime
    bell: Bell


class MemoryScheduler:
    """Holds rings until somebody takes those that are due, and rings them.

    Args:
        queues: The names of the queues that there are, beside the urgent and the ordinary one.
    """

    def __init__(self, *, queues: Collection[str] = ()) -> None:
        self._queues = frozenset(queues)
        self._lock = threading.Lock()
        self._rings: dict[tuple[datetime, str, str], str] = {}

    @property
    def rings(self) -> Sequence[Ring]:
        """All that are held, by moment."""
        with self._lock:
            return tuple(
                Ring(moment=key[0], bell=bell_wire.decode(text))
                for key, text in sorted(self._rings.items())
            )

    @property
    def next_at(self) -> datetime | None:
        """When the next one is due; None without rings."""
        with self._lock:
            return min((moment for moment, _, _ in self._rings), default=None)

    def ring_at(self, bell: Bell, moment: datetime) -> None:
        if bell.queue is not None and bell.queue not in self._queues:
            raise no_queue([bell])
        with self._lock:
            self._rings.setdefault((moment, bell.job_id, bell.kind.value), bell_wire.encode(bell))

    def due(self, now: datetime) -> Sequence[Bell]:
        """Return the bells whose moment has come, and keep them."""
        return tuple(ring.bell for ring in self.rings if ring.moment <= now)

    def pop_due(self, now: datetime) -> Sequence[Bell]:
        """Take the bells whose moment has come."""
        with self._lock:
            keys = sorted(key for key in self._rings if key[0] <= now)
            return tuple(bell_wire.decode(self._rings.pop(key)) for key in keys)


class ForgetfulScheduler:
    """Rings nothing: whoever waits long is found by the tick alone."""

    def ring_at(self, bell: Bell, moment: datetime) -> None:
        """Forget it."""
