"""The events that were given up on, across all runs."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from kernel.model.dead_letter import DeadLetter, LetterFilter
from kernel.ports.bundle import Ports

ALL: Final = LetterFilter()


def list_dead_letters(
    ports: Ports, which: LetterFilter = ALL, *, limit: int = 100
) -> Sequence[DeadLetter]:
    """Return up to *limit* dead letters, the oldest first."""
    now = ports.clock.now()
    letters = ports.persistence.dead_letters()
    return list(islice((letter for letter in letters if which.fits(letter, now=now)), limit))
