"""Ringing doorbells, and answering them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from kernel.model.bell import Bell


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A bell as it was handed out. *receipt* gives it back or puts it away; *count* is from 1."""

    bell: Bell
    receipt: str
    count: int = 1


class JobTransport(Protocol):
    """At least once, in no order. A bell that was sent may be lost or doubled by the world."""

    @property
    def longest_delay(self) -> timedelta:
        """The longest wait that it can hold a bell back for; later ones want a scheduler."""
        ...

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        """Hand out every bell, after *delay*. None is an empty errand.

        Raises:
            NotConfiguredError: At least one bell is for a queue that this deployment does not
                have, and was not sent: whoever works elsewhere may lack what its stage needs.
                Every other one was.
            UnavailableError: At least one bell may not have been sent; others may have been.
        """
        ...

    def receive(self, *, limit: int = 1, queue: str | None = None) -> Sequence[Delivery]:
        """Take up to *limit* bells, urgent ones first. Each stays hidden until it is answered
        or its visibility ends, and is handed out again then.

        What cannot be read as a bell is left to come again, and to end among the dead letters.

        Args:
            queue: The named queue to take them from; None is the urgent and the ordinary one.

        Raises:
            NotFoundError: There is no queue of that name.
            UnavailableError: The queue did not answer. An empty answer means an empty queue.
        """
        ...

    def acknowledge(self, delivery: Delivery) -> None:
        """Put the bell away. A receipt that is no longer valid changes nothing."""
        ...

    def hold(self, delivery: Delivery, *, span: timedelta) -> None:
        """Keep the bell hidden for *span* from now on. A receipt that is no longer valid changes
        nothing; a span that is longer than the queue allows is cut.
        """
        ...

    def give_back(self, delivery: Delivery, *, delay: timedelta = timedelta()) -> None:
        """Let the bell be handed out again after *delay*."""
        ...
