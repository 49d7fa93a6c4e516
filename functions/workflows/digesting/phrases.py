"""What documents are about: the words that stand together, and not just as part of longer phrases.

A relative of the C-value (Frantzi, Ananiadou and Mima, 2000). Within one document a phrase counts
more the fewer of the others share it.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, TypeAlias

from pydantic import BaseModel, Field, PositiveInt

from functions.workflows.digesting.documents import Document, Texts
from functions.workflows.digesting.language import stemmer, stop_words, words_of

# Nobody means a phrase that goes over a comma, a bracket or the end of a sentence.
FRAGMENTS: Final = re.compile(r"[^\w\s'’-]+(?:\s|$)|[^\w\s'’.-]+|\s-\s|\n")
SPACELESS: Final = re.compile(
    r"(?<=[\u3040-\u30ff\u4e00-\u9fff]) (?=[\u3040-\u30ff\u4e00-\u9fff])"
)

# Above 1, so that "mill race" comes before "mill"; not by much, so that rare ones do not lead.
LENGTH_COUNTS: Final = 1.25

Key: TypeAlias = tuple[str, ...]


class PhraseConfig(BaseModel):
    overall: PositiveInt = 20
    per_document: PositiveInt = 6
    max_words: int = Field(default=3, ge=1, le=5)


class Phrase(BaseModel):
    text: str
    count: int
    score: float
    documents: int = 1


class DocumentPhrases(BaseModel):
    document: str
    phrases: list[Phrase]


class KeyPhrases(BaseModel):
    overall: list[Phrase]
    documents: list[DocumentPhrases]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How often each phrase occurs, by the stems of its words, and how it is mostly written."""

    keys: Counter[Key] = field(default_factory=Counter)
    written: dict[Key, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, other: "Counts") -> None:
        self.keys.update(other.keys)
        for key, forms in other.written.items():
            self.written[key].update(forms)

    def text(self, key: Key) -> str:
        forms = self.written[key]
        return min(forms, key=lambda form: (-forms[form], form))


def find_phrases(texts: Texts, config: PhraseConfig) -> KeyPhrases:
    counts = [count_phrases(document, config.max_words) for document in texts.documents]
    spread = Counter(key for each in counts for key in each.keys)
    total = Counts()
    for each in counts:
        total.add(each)
    return KeyPhrases(
        overall=_ranked(total, score_phrases(total.keys), spread)[: config.overall],
        documents=[
            DocumentPhrases(
                document=document.name,
                phrases=_ranked(each, _distinctive(each, spread, len(counts)), spread)[
                    : config.per_document
                ],
            )
            for document, each in zip(texts.documents, counts, strict=True)
        ],
    )


def count_phrases(document: Document, max_words: int) -> Counts:
    counts = Counts()
    stem = stemmer(document.language)
    for run in _runs(document):
        stems = [stem(word) for word in run]
        for start, end in _spans(len(run), max_words):
            key = tuple(stems[start:end])
            counts.keys[key] += 1
            counts.written[key][SPACELESS.sub("", " ".join(run[start:end]))] += 1
    return counts


def score_phrases(counts: Counter[Key]) -> dict[Key, float]:
    """Weigh phrases by their words and by how often they are not just part of longer ones."""
    within: Counter[Key] = Counter()
    holders: Counter[Key] = Counter()
    repeated = {key: count for key, count in counts.items() if count > 1} or counts
    for key, count in repeated.items():
        for start, end in _spans(len(key), len(key) - 1):
            within[key[start:end]] += count
            holders[key[start:end]] += 1
    return {
        key: len(key) ** LENGTH_COUNTS
        * math.sqrt(max(count - within[key] / max(holders[key], 1), 0))
        for key, count in repeated.items()
    }


def _distinctive(counts: Counts, spread: Counter[Key], documents: int) -> dict[Key, float]:
    return {
        key: score * (1 + math.log(documents / spread[key]))
        for key, score in score_phrases(counts.keys).items()
    }


def _ranked(counts: Counts, scores: dict[Key, float], spread: Counter[Key]) -> list[Phrase]:
    keys = sorted(scores, key=lambda key: (-scores[key], -counts.keys[key], key))
    return [
        Phrase(
            text=counts.text(key),
            count=counts.keys[key],
            score=round(scores[key], 2),
            documents=spread[key],
        )
        for key in keys
        if scores[key] > 0
    ]


def _runs(document: Document) -> Iterator[list[str]]:
    """Yield the words that stand together, without those that only bind others."""
    stop = stop_words(document.language)
    for block in document.blocks:
        if block.kind in {"code", "note"}:
            continue
        for fragment in FRAGMENTS.split(block.text):
            for means_something, run in groupby(
                words_of(fragment), lambda word: _means_something(word, stop)
            ):
                if means_something:
                    yield list(run)


def _means_something(word: str, stop: frozenset[str]) -> bool:
    plain = word.casefold().replace("’", "'")
    return plain not in stop and any(map(str.isalpha, word)) and _is_long_enough(word)


def _is_long_enough(word: str) -> bool:
    return len(word) > 1 or not word.isascii()


def _spans(length: int, longest: int) -> Iterator[tuple[int, int]]:
    for start in range(length):
        for end in range(start + 1, min(start + longest, length) + 1):
            yield start, end
