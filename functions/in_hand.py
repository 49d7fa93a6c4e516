"""The bells that are being answered. As long as one is, nobody else gets it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from kernel.ports.job_transport import Delivery, JobTransport


@dataclass(kw_only=True)
class _Held:
    delivery: Delivery
    lock: threading.Lock = field(default_factory=threading.Lock)
    is_over: bool = False


class InHand:
    """Deliveries in hand.

    Args:
        hidden: For how long each is kept hidden, from each time that `hold` is called.
        report: Told of what could not be held; it may come twice then, which does no harm.
    """

    def __init__(
        self,
        transport: JobTransport,
        *,
        hidden: timedelta,
        report: Callable[[Delivery, Exception], object],
    ) -> None:
        self._transport = transport
        self._hidden = hidden
        self._report = report
        self._changed = threading.Condition()
        self._held: dict[str, _Held] = {}
        self._is_closed = False

    def __len__(self) -> int:
        with self._changed:
            return len(self._held)

    def begin(self, delivery: Delivery) -> bool:
        """Take *delivery* in hand; return False where nothing is to begin any more."""
        with self._changed:
            if self._is_closed:
                return False
            self._held[delivery.receipt] = _Held(delivery=delivery)
            return True

    def let_go(self, delivery: Delivery) -> None:
        """Hold *delivery* no more: what is done with it from now on is not undone by a hold."""
        with self._changed:
            held = self._held[delivery.receipt]
        with held.lock:
            held.is_over = True

    def end(self, delivery: Delivery) -> None:
        """Forget *delivery*."""
        with self._changed:
            self._held.pop(delivery.receipt, None)
            self._changed.notify_all()

    def close(self) -> None:
        """Let nothing begin any more."""
        with self._changed:
            self._is_closed = True

    def hold(self) -> None:
        """Keep each of them hidden for a while longer."""
        with self._changed:
            all_held = [*self._held.values()]
        for held in all_held:
            with held.lock:
                if not held.is_over:
                    self._hold(held.delivery)

    def is_empty_within(self, span: timedelta) -> bool:
        """Wait until there is none, for up to *span*; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._held, timeout=max(0.0, span.total_seconds())
            )

    def _hold(self, delivery: Delivery) -> None:
        try:
            self._transport.hold(delivery, span=self._hidden)
        except Exception as error:  # noqa: BLE001 - the others are to be held all the same
            self._report(delivery, error)
