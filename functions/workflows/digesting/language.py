"""Words, sentences and stems of many languages."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from functions.workflows.digesting.extras import extra

# Where letters need no spaces between words, each counts as one. Elsewhere 'it's', 'run_id' and
# 'job.execute' are words too.
WORD: Final = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]|"
    r"[\p{L}\p{M}\p{N}]+(?:['’._-][\p{L}\p{M}\p{N}]+)*"
)
# A guess from less than this is a gamble.
ENOUGH_LETTERS: Final = 40
SAMPLE: Final = 20_000
ENGLISH_SHARE: Final = 0.25

ALGORITHMS: Final = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}

# The library's English list also holds nouns such as 'system' and 'group'.
ENGLISH: Final = """
    a about above after again against all almost also although always am among an and another
    any are aren't around as at away be became because become been before being below between
    both but by came can can't cannot come could couldn't did didn't do does doesn't doing
    don't done down during e.g each either else enough etc even ever every few first for from
    further get gets give given go goes going got had has hasn't have haven't having he hence
    her here hers herself him himself his how however i i.e if in indeed instead into is isn't
    it it's its itself just keep kept last later least less let like made make makes many may
    maybe me mean means might mine more moreover most much must my myself near need needs
    neither never next no nor not nothing now of off often on once one only onto or other
    others otherwise our ours out over own per perhaps put quite rather said same say says see
    seem seems several shall she should shouldn't since so some something sometimes soon still
    such take taken takes than that that's the their them themselves then there therefore these
    they thing things this those though through thus to together too toward two under unless
    until up upon us use used uses using very via want was wasn't way we well were weren't what
    whatever when where whether which while who whole whom whose why will with within without
    won't would wouldn't yes yet you your yours yourself
"""


def words_of(text: str) -> list[str]:
    found: list[str] = _pattern(WORD).findall(text)
    return found


def sentences_of(text: str, language: str) -> list[str]:
    parts: list[str] = extra("sentencex").segment(language or "en", text)
    return [sentence for part in parts if (sentence := " ".join(part.split()))]


def language_of(text: str) -> str:
    """Return an ISO code, or nothing where *text* is too short to tell."""
    sample = text[:SAMPLE]
    if sum(map(str.isalpha, sample)) < ENOUGH_LETTERS:
        return ""
    words = words_of(sample.casefold())
    english = sum(word in stop_words("en") for word in words)
    # English is full of other languages' words, and then the detector takes it for theirs.
    if english >= len(words) * ENGLISH_SHARE:
        return "en"
    return str(extra("chardet").detect(sample.encode())["language"] or "")


@cache
def stop_words(language: str) -> frozenset[str]:
    if language in {"", "en"}:
        return frozenset(ENGLISH.split())
    return frozenset(extra("stop_words").safe_get_stop_words(language))


def stemmer(language: str) -> Callable[[str], str]:
    """Return what brings the forms of a word together. It remembers: keep it to one thread."""
    algorithm = ALGORITHMS.get(language or "en")
    if algorithm is None:
        return str.casefold
    stem = extra("snowballstemmer").stemmer(algorithm).stemWord
    return cache(lambda word: str(stem(word.casefold())))


def is_alphabetic(words: Sequence[str]) -> bool:
    """Tell whether most *words* are in an alphabet that readability formulas know."""
    matching = _pattern(r"[\p{Latin}\p{Greek}\p{Cyrillic}\p{M}\p{N}'’._-]+")
    return sum(bool(matching.fullmatch(word)) for word in words) * 2 > len(words)


@cache
def _pattern(pattern: str) -> Any:
    return extra("regex").compile(pattern)
