"""How much goes into one request, where AWS counts both pieces and bytes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

ThingT = TypeVar("ThingT")

MOST: Final = 10


def batches(
    things: Sequence[ThingT], *, size: Callable[[ThingT], int], limit: int
) -> Iterator[Sequence[ThingT]]:
    """Yield *things* in their order, in as few batches as hold them.

    One that passes *limit* by itself comes alone: it is AWS that may refuse it.
    """
    batch: list[ThingT] = []
    filled = 0
    for thing in things:
        if len(batch) == MOST or (batch and filled + size(thing) > limit):
            yield batch
            batch, filled = [], 0
        batch.append(thing)
        filled += size(thing)
    if batch:
        yield batch
