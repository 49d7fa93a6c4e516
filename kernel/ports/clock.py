"""What time it is."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The only source of time in the engine."""

    def now(self) -> datetime:
        """Return the present moment: aware, UTC, whole milliseconds.

        Processes that share a store agree on it to within a few seconds.

        Raises:
            UnavailableError: It has to ask the store first, which does not answer.
        """
        ...

    def sleep(self, span: timedelta) -> None:
        """Let *span* pass. Used for the short pause after a conflict, for nothing else."""
        ...
