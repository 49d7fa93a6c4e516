"""Proves that what is alike lies near, and that only what is near enough belongs together."""

import math

import pytest

from functions.workflows.digesting.clusters import (
    MOST_CHARACTERS,
    clusters_of,
    grouped,
    similarity,
    text_to_embed,
)
from functions.workflows.digesting.embedding import DIMENSIONS, embed, vector_of
from functions.workflows.digesting.phrases import PhraseConfig, find_phrases
from tests.functions.workflows.digesting.builders import a_document, texts_of

EAST, NORTH = (1.0, 0.0), (0.0, 1.0)
NORTH_EAST = (0.8, 0.6)


def test_a_text_is_near_to_one_with_words_of_the_same_stem_and_far_from_others() -> None:
    mill, milling, bread = embed(["The mill", "Milling and mills", "A loaf of bread"])

    assert similarity(mill, milling) > 0.3
    assert abs(similarity(mill, bread)) < 0.1


@pytest.mark.parametrize("text", ["The mill race.", "الطاحونة تحتاج إلى الماء", "水車小屋の水"])
def test_a_vector_has_the_length_of_one_and_is_always_the_same(text: str) -> None:
    vector = vector_of(text)

    assert len(vector) == DIMENSIONS
    assert math.hypot(*vector) == pytest.approx(1)
    assert vector == vector_of(text)


def test_what_says_nothing_is_near_to_nothing() -> None:
    nothing = vector_of("the and of 12 --")

    assert similarity(nothing, nothing) == 0
    assert grouped([nothing, nothing], nearness=0.1) == [[0], [1]]


def test_the_nearest_come_together_first_and_the_fullest_group_stands_first() -> None:
    groups = grouped([NORTH, EAST, NORTH_EAST], nearness=0.7)

    assert groups == [[1, 2], [0]]


@pytest.mark.parametrize(
    ("nearness", "groups"),
    [(0.9, [[0], [1], [2]]), (0.79, [[1, 2], [0]]), (0.2, [[0, 1, 2]])],
)
def test_how_near_is_near_enough_is_a_choice(nearness: float, groups: list[list[int]]) -> None:
    found = grouped([NORTH, EAST, NORTH_EAST], nearness=nearness)

    assert found == groups


@pytest.mark.parametrize(("vectors", "groups"), [([], []), ([EAST], [[0]])])
def test_few_documents_are_no_trouble(
    vectors: list[tuple[float, ...]], groups: list[list[int]]
) -> None:
    assert grouped(vectors, nearness=0.5) == groups


def test_a_cluster_is_named_by_what_its_documents_share() -> None:
    texts = texts_of(
        "# A\n\nThe mill race. The mill race again.",
        "# B\n\nThe mill race. The mill race is wide.",
    )
    phrases = find_phrases(texts, PhraseConfig())

    (cluster,) = clusters_of(texts, phrases, [[0, 1]])

    assert cluster.documents == ["0.md", "1.md"]
    assert cluster.topics[0] == "mill race"


def test_of_a_long_document_its_beginning_is_looked_at() -> None:
    document = a_document("# Mills\n\n" + "The mill race is wide. " * 900)

    text = text_to_embed(document)

    assert text.startswith("Mills\nThe mill race")
    assert len(text) == MOST_CHARACTERS
