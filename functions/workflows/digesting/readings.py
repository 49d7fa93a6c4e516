"""How hard documents are to read, by formulas that have stood for decades."""

from typing import Final

from pydantic import BaseModel, PositiveInt

from functions.workflows.digesting.blocks import PROSE
from functions.workflows.digesting.documents import Document, Texts
from functions.workflows.digesting.extras import extra
from functions.workflows.digesting.language import is_alphabetic, sentences_of, words_of

LONG_WORD: Final = 6
# A score of fewer sentences says more about chance than about the text.
ENOUGH_SENTENCES: Final = 3

FLESCH_MEANINGS: Final = (
    (90, "very easy"),
    (80, "easy"),
    (70, "fairly easy"),
    (60, "plain English"),
    (50, "fairly hard"),
    (30, "hard, as in college"),
    (float("-inf"), "very hard, as in academic papers"),
)
LIX_MEANINGS: Final = (
    (60, "very hard, as in academic papers"),
    (50, "hard, as in official texts"),
    (40, "medium, as in newspapers"),
    (30, "easy, as in novels"),
    (float("-inf"), "very easy, as in children's books"),
)


class ReadabilityConfig(BaseModel):
    words_per_minute: PositiveInt = 230


class Reading(BaseModel):
    document: str
    sentences: int
    minutes: float
    sentence_words: float
    flesch: float | None = None
    """Flesch reading ease, from 0 (hard) to 100 (easy). English only."""
    grade: float | None = None
    """Flesch-Kincaid: the years of school that it asks for. English only."""
    lix: float | None = None
    """Läsbarhetsindex, from 20 (easy) to 60 (hard). Alphabets only."""
    meaning: str = "not measured"


class Readings(BaseModel):
    documents: list[Reading]


def read_all(texts: Texts, config: ReadabilityConfig) -> Readings:
    return Readings(
        documents=[read(document, config.words_per_minute) for document in texts.documents]
    )


def read(document: Document, words_per_minute: int) -> Reading:
    prose = [block.text for block in document.blocks if block.kind in PROSE]
    sentences = [each for text in prose for each in sentences_of(text, document.language)]
    words = [word for sentence in sentences for word in words_of(sentence)]
    reading = Reading(
        document=document.name,
        sentences=len(sentences),
        minutes=round(document.words / words_per_minute, 1),
        sentence_words=round(len(words) / max(len(sentences), 1), 1),
    )
    if len(sentences) < ENOUGH_SENTENCES or not is_alphabetic(words):
        return reading
    return reading.model_copy(update=_scores(words, len(sentences), document.language))


def _scores(words: list[str], sentences: int, language: str) -> dict[str, float | str]:
    lix = lix_of(words, sentences)
    if language != "en":
        return {"lix": lix, "meaning": meaning_of(lix, LIX_MEANINGS)}
    ease, grade = flesch_of(words, sentences)
    return {
        "lix": lix,
        "flesch": ease,
        "grade": grade,
        "meaning": meaning_of(ease, FLESCH_MEANINGS),
    }


def lix_of(words: list[str], sentences: int) -> float:
    long_words = sum(len(word) > LONG_WORD for word in words)
    return round(len(words) / sentences + 100 * long_words / len(words), 1)


def flesch_of(words: list[str], sentences: int) -> tuple[float, float]:
    """Return the reading ease and the school grade of English text."""
    count = extra("syllapy").count
    syllables = sum(max(count(word), 1) for word in words) / len(words)
    length = len(words) / sentences
    ease = 206.835 - 1.015 * length - 84.6 * syllables
    grade = 0.39 * length + 11.8 * syllables - 15.59
    return round(ease, 1), round(max(grade, 0), 1)


def meaning_of(score: float, meanings: tuple[tuple[float, str], ...]) -> str:
    return next(meaning for least, meaning in meanings if score >= least)
