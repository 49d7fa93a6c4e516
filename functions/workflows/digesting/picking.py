"""Which sentence of a passage says most of it: extractive summary, no model needed."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel

from functions.workflows.digesting.language import stemmer, stop_words, words_of

SENTENCE_WORDS: Final = range(3, 61)
READABLE_WORDS: Final = range(7, 36)
# The last two are full-width.
SENTENCE_ENDS: Final = tuple(".!?…。؟।\uff01\uff1f")
# Signs of a list, a table or a formula: such a sentence is hard to take out of its place.
CLUTTER: Final = re.compile(r"[,;:()\[\]{}=/|+*]|\d+")
CLUTTER_TO_HALVE: Final = 6
# A line of a list or an odd length says less than a sentence; it is taken where there is no other.
FRAGMENT: Final = 0.6
ODD: Final = 0.2
HINT: Final = 3
# Authors say at the start what is to come.
OPENING: Final = 1.4


class Request(BaseModel):
    document: int
    passage: int
    language: str
    sentences: list[str]
    hints: list[str]
    most: int


class Pick(BaseModel):
    document: int
    passage: int
    position: int
    sentence: str
    score: float

    @property
    def place(self) -> tuple[int, int]:
        return self.passage, self.position


def pick_sentences(request: Request) -> list[Pick]:
    """Return the sentences with the most of the passage's own words, if any are fit to read."""
    topics = [_topics(sentence, request.language) for sentence in request.sentences]
    weights = Counter(topic for each in topics for topic in each)
    for hint in _topics(" ".join(request.hints), request.language):
        weights[hint] *= HINT
    opening = 1 if request.passage else OPENING
    picks = [
        Pick(
            document=request.document,
            passage=request.passage,
            position=position,
            sentence=sentence,
            score=round(opening * _score(sentence, each, weights), 4),
        )
        for position, (sentence, each) in enumerate(zip(request.sentences, topics, strict=True))
    ]
    return _best([pick for pick in picks if pick.score > 0])[: request.most]


def _topics(text: str, language: str) -> set[str]:
    stop = stop_words(language)
    stem = stemmer(language)
    return {
        stem(word)
        for word in words_of(text)
        if word.casefold() not in stop and any(map(str.isalpha, word))
    }


def _score(sentence: str, topics: set[str], weights: Counter[str]) -> float:
    length = len(words_of(sentence))
    if length not in SENTENCE_WORDS:
        return 0
    whole = 1 if sentence.endswith(SENTENCE_ENDS) else FRAGMENT
    fitting = 1 if length in READABLE_WORDS else ODD
    clear = 1 / (1 + len(CLUTTER.findall(sentence)) / CLUTTER_TO_HALVE)
    return whole * fitting * clear * sum(weights[topic] for topic in topics) / math.sqrt(length)


def best_picks(picks: Sequence[Pick], most: int) -> list[str]:
    """Return the sentences of the best *picks*, in the order of the document."""
    chosen = _best(picks)[:most]
    return [pick.sentence for pick in sorted(chosen, key=lambda pick: pick.place)]


def _best(picks: Sequence[Pick]) -> list[Pick]:
    """Return *picks* best first, without those that say the same again."""
    best: dict[str, Pick] = {}
    for pick in sorted(picks, key=lambda pick: (-pick.score, pick.place)):
        best.setdefault(pick.sentence, pick)
    return list(best.values())
