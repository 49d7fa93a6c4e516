"""Everything that a seed decides."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """The same *seed* gives the same answers.

    All of them are made of `random()` alone, which gives the same numbers in every Python.
    """

    def __init__(self, seed: int | str) -> None:
        self.draw = random.Random(seed).random  # noqa: S311  # It is meant to be repeated.

    def happens(self, probability: float) -> bool:
        return self.draw() < probability

    def below(self, number: int) -> int:
        """Return a whole number from 0 up to, but not including, *number*."""
        return int(self.draw() * number)

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def some_of(self, options: Sequence[T], *, probability: float) -> list[T]:
        return [option for option in options if self.happens(probability)]
