"""Documents that belong together: the nearest two groups become one, while near enough."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from operator import mul
from typing import Final, TypeAlias

from pydantic import BaseModel

from functions.workflows.digesting.documents import Document, Texts
from functions.workflows.digesting.phrases import KeyPhrases

Vector: TypeAlias = Sequence[float]

# What a model takes at once is bounded; a document says early what it is about.
MOST_CHARACTERS: Final = 8_000
MOST_TOPICS: Final = 3


class Cluster(BaseModel):
    """Documents by their names, and the phrases that most of them have."""

    documents: list[str]
    topics: list[str]


def text_to_embed(document: Document) -> str:
    prose = (text for passage in document.passages for text in passage.prose)
    return "\n".join([document.title, *prose])[:MOST_CHARACTERS]


def grouped(vectors: Sequence[Vector], nearness: float) -> list[list[int]]:
    """Return the numbers of *vectors* that belong together, each in one group.

    How near two groups are is the mean of how near their members are: average linkage.
    """
    near = {
        (one, other): similarity(vectors[one], vectors[other])
        for one, other in combinations(range(len(vectors)), 2)
    }
    groups = [[number] for number in range(len(vectors))]
    while len(groups) > 1:
        pairs = combinations(range(len(groups)), 2)
        nearest = max(pairs, key=lambda pair: _mean(near, groups[pair[0]], groups[pair[1]]))
        one, other = nearest
        if _mean(near, groups[one], groups[other]) < nearness:
            break
        groups[one] = sorted(groups[one] + groups.pop(other))
    return sorted(groups, key=lambda group: (-len(group), group))


def similarity(one: Vector, other: Vector) -> float:
    """Return the cosine of the angle between them: 1 where they say the same, 0 for nothing."""
    lengths = math.hypot(*one) * math.hypot(*other)
    return sum(map(mul, one, other)) / lengths if lengths else 0.0


def clusters_of(
    texts: Texts, phrases: KeyPhrases, groups: Sequence[Sequence[int]]
) -> list[Cluster]:
    return [
        Cluster(
            documents=[texts.documents[number].name for number in group],
            topics=_topics(phrases, group),
        )
        for group in groups
    ]


def _mean(near: dict[tuple[int, int], float], group: Sequence[int], other: Sequence[int]) -> float:
    found = [near[min(a, b), max(a, b)] for a in group for b in other]
    return sum(found) / len(found)


def _topics(phrases: KeyPhrases, group: Sequence[int]) -> list[str]:
    counts: Counter[str] = Counter()
    for number in group:
        counts.update(phrase.text for phrase in phrases.documents[number].phrases)
    ranked = sorted(counts, key=lambda text: (-counts[text], list(counts).index(text)))
    return ranked[:MOST_TOPICS]
