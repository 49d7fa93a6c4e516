"""Ringing a bell, much later."""

from datetime import datetime
from typing import Protocol

from kernel.model.bell import Bell


class Scheduler(Protocol):
    """Waits that are too long for the transport. The due index covers it when it fails."""

    def ring_at(self, bell: Bell, moment: datetime) -> None:
        """Ring *bell* once, at *moment* or up to a minute later.

        Asking again for the same job and moment leaves one ring.

        Raises:
            NotConfiguredError: It is for a queue that this deployment does not have.
            UnavailableError: It did not answer; the ring may or may not come.
        """
        ...
