"""Proves that key phrases are those that a document keeps coming back to."""

from collections import Counter

from functions.workflows.digesting.phrases import (
    KeyPhrases,
    PhraseConfig,
    find_phrases,
    score_phrases,
)
from tests.functions.workflows.digesting.builders import texts_of

MILL = "The mill race turns the wheel. A mill race is long. Mill races need water. The wheel!"
BREAD = "Bread needs flour. The flour comes from the mill race. Good bread, good flour."


def texts_in(phrases: KeyPhrases) -> list[str]:
    return [phrase.text for phrase in phrases.overall]


def test_words_that_stand_together_are_one_phrase_whatever_their_form() -> None:
    phrases = find_phrases(texts_of(MILL), PhraseConfig())

    assert phrases.overall[0].text == "mill race"
    assert phrases.overall[0].count == 3


def test_a_phrase_does_not_go_over_the_end_of_a_sentence() -> None:
    phrases = find_phrases(
        texts_of("Water falls. Wheels turn.\nWater falls, wheels turn."), PhraseConfig()
    )

    assert texts_in(phrases)[:2] == ["Water falls", "Wheels turn"]


def test_a_part_of_a_longer_phrase_does_not_count_again() -> None:
    scores = score_phrases(Counter({("mill", "race"): 3, ("mill",): 3, ("race",): 4}))

    assert scores[("mill",)] == 0
    assert scores[("mill", "race")] > scores[("race",)] > 0


def test_each_document_shows_what_sets_it_apart() -> None:
    phrases = find_phrases(texts_of(MILL, BREAD), PhraseConfig())

    mill, bread = phrases.documents
    assert mill.phrases[0].text == "mill race"
    assert bread.phrases[0].text == "flour"
    assert phrases.overall[0].documents == 2


def test_no_more_phrases_are_kept_than_asked_for() -> None:
    phrases = find_phrases(
        texts_of(MILL, BREAD), PhraseConfig(overall=2, per_document=1, max_words=1)
    )

    assert len(phrases.overall) == 2
    assert [len(each.phrases) for each in phrases.documents] == [1, 1]
    assert all(" " not in text for text in texts_in(phrases))


def test_chinese_phrases_are_written_without_spaces() -> None:
    phrases = find_phrases(
        texts_of("水车转动。水车很大。我们看水车。水车在河边。河边有水车。" * 2), PhraseConfig()
    )

    assert phrases.overall[0].text == "水车"


def test_a_document_of_stop_words_has_no_phrases() -> None:
    phrases = find_phrases(texts_of("It is what it is."), PhraseConfig())

    assert phrases.overall == []
