"""Listening to one queue, for as long as there is anybody free to answer what rings there."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from functions.host import PAUSES
from functions.seats import Seats
from kernel.ports.job_transport import Delivery, JobTransport

# Its name for the urgent and the ordinary queue, as workflows may write it.
DEFAULT_QUEUE: Final = "default"
# The most that one request to a queue brings.
_BATCH: Final = 10
# How long a queue is left alone that had nothing, by transports that do not wait by themselves.
_IDLE: Final = timedelta(milliseconds=50)
# The longest that a queue is left alone that did not answer.
_LONGEST_PAUSE: Final = timedelta(seconds=60)


class Listener:
    """Takes bells from *queue* while there are seats, until the seats are closed.

    Args:
        take: Gets each bell, with the seat that was taken for it.
        report: Told of each request that failed; the next one follows ever later.
    """

    def __init__(
        self,
        transport: JobTransport,
        queue: str,
        *,
        seats: Seats,
        take: Callable[[Delivery], object],
        report: Callable[[str, Exception], object],
    ) -> None:
        self._transport = transport
        self._queue = queue
        self._seats, self._take, self._report = seats, take, report
        self._troubles = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"queue-{queue}", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def receive(self, *, limit: int) -> Sequence[Delivery]:
        """Return what one request brings; what is raised is what the transport raises."""
        named = None if self._queue == DEFAULT_QUEUE else self._queue
        return self._transport.receive(limit=limit, queue=named)

    def stop(self) -> None:
        """Do not wait any more before the next look at the seats, which are closed by now."""
        self._stopping.set()

    def join(self, span: timedelta) -> None:
        if self._thread.ident is not None:
            self._thread.join(span.total_seconds())

    def _listen(self) -> None:
        while seats := self._seats.take(_BATCH):
            taken = self._received(seats)
            self._seats.leave(seats - len(taken))
            for delivery in taken:
                self._take(delivery)
            if not taken:
                self._stopping.wait(self._pause().total_seconds())

    def _received(self, limit: int) -> Sequence[Delivery]:
        try:
            taken = self.receive(limit=limit)
        except Exception as error:  # noqa: BLE001 - whatever it is, it may be over soon
            self._troubles += 1
            self._report(self._queue, error)
            return ()
        self._troubles = 0
        return taken

    def _pause(self) -> timedelta:
        if not self._troubles:
            return _IDLE
        return min(PAUSES[min(self._troubles, len(PAUSES)) - 1], _LONGEST_PAUSE)
