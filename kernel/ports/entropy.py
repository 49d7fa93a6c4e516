"""Tokens and jitter, from the one place that a simulation can seed."""

from typing import Protocol


class Entropy(Protocol):
    """Chance."""

    def token(self) -> str:
        """Return 22 or more URL-safe characters that nobody can guess and that never recur."""
        ...

    def jitter(self) -> float:
        """Return a number from 0 up to, but not including, 1, evenly spread."""
        ...
