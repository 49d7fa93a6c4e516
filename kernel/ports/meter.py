"""What happens, for people who watch the whole and not a single run."""

from collections.abc import Sequence
from typing import Protocol

from kernel.model.change import Change


class Meter(Protocol):
    """Counts commits; nothing depends on it."""

    def committed(self, changes: Sequence[Change]) -> None:
        """Take note of one commit that has happened.

        It hears of each at most once: of none that failed, and of one that timed out, which may
        have happened, never. Never raises: a lost figure must not cost what follows the commit.
        """
        ...
