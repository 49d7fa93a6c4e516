"""Proves that words and sentences are found in more than one script."""

import pytest

from functions.workflows.digesting.language import (
    language_of,
    sentences_of,
    stemmer,
    stop_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's run_id, isn't it?", ["It's", "run_id", "isn't", "it"]),
        ("job.execute at 3.5 s (v2)", ["job.execute", "at", "3.5", "s", "v2"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("你好 world", ["你", "好", "world"]),
        ("😀 — … 👩\u200d👧", []),
    ],
)
def test_words_are_found(text: str, words: list[str]) -> None:
    found = words_of(text)

    assert found == words


def test_sentences_end_where_a_reader_would_say() -> None:
    sentences = sentences_of("Dr. Ada has 3.5 apples.  Has she?\nYes. نعم. ", "en")

    assert sentences == ["Dr. Ada has 3.5 apples.", "Has she?", "Yes.", "نعم."]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("All good things come to those who wait for the next train to the sea.", "en"),
        ("Der Fuchs läuft schnell über die Straße, und der Hund bleibt müde liegen.", "de"),
        ("مرحبا بالعالم، هذا نص قصير باللغة العربية لكنه طويل بما يكفي لمعرفة لغته", "ar"),
        ("The café “Zürich” offers crème brûlée, as it has done for many years.", "en"),
        ("run", ""),
        ("", ""),
    ],
)
def test_the_language_is_guessed_where_there_is_enough_to_go_by(text: str, language: str) -> None:
    guessed = language_of(text)

    assert guessed == language


@pytest.mark.parametrize("language", ["", "en", "de", "ar", "xx"])
def test_every_language_has_stems_and_stop_words_of_some_kind(language: str) -> None:
    stem = stemmer(language)

    assert stem("Abc") == stem("abc")
    assert isinstance(stop_words(language), frozenset)


def test_forms_of_a_word_have_one_stem() -> None:
    stem = stemmer("en")

    assert stem("Stages") == stem("stage")
