"""Proves the readability formulas on texts small enough to count by hand."""

import pytest

from functions.workflows.digesting.readings import flesch_of, lix_of, read
from tests.functions.workflows.digesting.builders import a_document

EASY = (
    "The cat sat on the mat. The dog ran to the cat. The cat saw the dog and ran off to the tree."
)
HARD = (
    "Notwithstanding considerable organisational complexity, institutional accountability "
    "necessitates comprehensive documentation. Interdepartmental communication consequently "
    "presupposes terminological consistency. Administrative responsibilities proliferate."
)
GERMAN = (
    "Der Hund läuft schnell über die Straße und bellt. Die Katze sitzt auf dem Dach und schaut. "
    "Die Sonne scheint am Morgen auf das Feld hinter dem alten Haus."
)


def test_lix_is_words_per_sentence_plus_the_share_of_long_words() -> None:
    lix = lix_of(["a", "few", "shorter", "words"], sentences=2)

    assert lix == 4 / 2 + 100 / 4


def test_flesch_counts_words_per_sentence_and_syllables_per_word() -> None:
    ease, grade = flesch_of(["cat", "sat", "table", "ran"], sentences=1)

    assert ease == pytest.approx(206.835 - 1.015 * 4 - 84.6 * 1.25, abs=0.1)
    assert grade == pytest.approx(0.39 * 4 + 11.8 * 1.25 - 15.59, abs=0.1)


def test_easy_text_reads_easier_than_hard_text() -> None:
    easy = read(a_document(EASY), words_per_minute=230)
    hard = read(a_document(HARD), words_per_minute=230)

    assert easy.meaning == "very easy"
    assert hard.meaning == "very hard, as in academic papers"
    assert easy.sentences == 3
    assert easy.minutes == 0.1


def test_another_language_is_measured_by_lix_alone() -> None:
    reading = read(a_document(GERMAN), words_per_minute=230)

    assert reading.flesch is None
    assert reading.lix is not None
    assert reading.meaning.startswith(("easy", "very easy", "medium"))


@pytest.mark.parametrize(
    "text",
    [
        "Too short.",
        "```\ncode\n```\n\n# Heading",
        "你好。我很好。谢谢你。今天天气很好。",
        "مرحبا. نعم. لا. شكرا.",
    ],
    ids=["short", "no prose", "Chinese", "Arabic"],
)
def test_what_no_formula_fits_is_not_measured(text: str) -> None:
    reading = read(a_document(text), words_per_minute=230)

    assert (reading.flesch, reading.grade, reading.lix) == (None, None, None)
    assert reading.meaning == "not measured"
