"""Chance that repeats itself, for tests and simulations."""

import random


class SeededEntropy:
    """The same *seed* gives the same tokens and jitter, in the same order."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311  # It is meant to be guessed.

    def token(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def jitter(self) -> float:
        return self._random.random()
