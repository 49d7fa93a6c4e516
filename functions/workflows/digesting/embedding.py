"""A model for vectors that needs no network: the more letters two texts share, the nearer.

It counts pieces of words, so that "mill" is near to "millstone"; what means the same in other
letters is far for it. A real model is a name in the config away.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

from functions.workflows.digesting.language import stop_words, words_of
from kernel.authoring import PrivateModel, Usd

OFFLINE: Final = "offline:pieces"
DIMENSIONS: Final = 512
PIECES: Final = (4, 5)


def embed(texts: Sequence[str]) -> Iterator[tuple[float, ...]]:
    return map(vector_of, texts)


def vector_of(text: str) -> tuple[float, ...]:
    """Return a vector of length 1; of no words, one of zeros."""
    vector = [0.0] * DIMENSIONS
    for piece, count in Counter(_pieces(text)).items():
        place = crc32(piece.encode())
        # Where two pieces meet in one place, they add up or cancel by chance, and not always up.
        sign = 1 if place & 0x8000_0000 else -1
        vector[place % DIMENSIONS] += sign * math.sqrt(count)
    length = math.hypot(*vector)
    return tuple(value / length for value in vector) if length else tuple(vector)


def _pieces(text: str) -> Iterator[str]:
    stop = stop_words("en")
    for word in words_of(text.casefold()):
        if word not in stop and any(map(str.isalpha, word)):
            fenced = f"<{word}>"
            yield fenced
            for size in PIECES:
                yield from (fenced[at : at + size] for at in range(len(fenced) - size + 1))


embedder: Final = PrivateModel(name=OFFLINE, embed=embed, input_price=Usd("0.02"))
"""The price is made up, so that there is a bill; nobody sends one."""
