"""Proves which sentences stand for a passage, and for a document."""

from functions.workflows.digesting.picking import Pick, Request, best_picks, pick_sentences


def a_request(*sentences: str, hints: tuple[str, ...] = (), most: int = 1) -> Request:
    return Request(
        document=0,
        passage=1,
        language="en",
        sentences=list(sentences),
        hints=list(hints),
        most=most,
    )


def a_pick(passage: int, score: float, sentence: str = "") -> Pick:
    text = sentence or f"Sentence {passage}."
    return Pick(document=0, passage=passage, position=0, sentence=text, score=score)


def picked(request: Request) -> list[str]:
    return [pick.sentence for pick in pick_sentences(request)]


def test_the_sentence_with_the_words_of_the_others_is_picked() -> None:
    sentences = (
        "My uncle came to see us on a rainy day.",
        "The mill has a wheel that the water of the race turns.",
        "Without water in the race the wheel of the mill stands still.",
        "The race was dug to bring water to the mill.",
    )

    best = picked(a_request(*sentences))

    assert best == [sentences[3]]


def test_a_passage_may_give_several_the_best_first() -> None:
    sentences = (
        "My uncle came to see us on a rainy day.",
        "The mill has a wheel that the water of the race turns.",
        "The race was dug to bring water to the mill.",
    )

    best = picked(a_request(*sentences, most=2))

    assert best == [sentences[2], sentences[1]]


def test_a_hint_tips_the_scales() -> None:
    sentences = ("The old mill stands at the big river.", "The new bread comes from the big oven.")

    best = picked(a_request(*sentences, hints=("bread", "oven")))

    assert best == [sentences[1]]


def test_a_clear_sentence_is_better_than_a_list() -> None:
    sentences = (
        "mill, wheel (12), race: 3, water; 4, flour [5], bread {6}",
        "The mill grinds flour for bread with water from the race.",
    )

    best = picked(a_request(*sentences))

    assert best == [sentences[1]]


def test_nothing_is_picked_where_nothing_is_said() -> None:
    best = [picked(a_request()), picked(a_request("Yes.", "word " * 99))]

    assert best == [[], []]


def test_the_best_are_told_in_the_order_of_the_document() -> None:
    picks = [a_pick(3, 5.0), a_pick(1, 9.0), a_pick(2, 1.0), a_pick(0, 7.0)]

    sentences = best_picks(picks, most=3)

    assert sentences == ["Sentence 0.", "Sentence 1.", "Sentence 3."]


def test_the_same_sentence_is_not_told_twice() -> None:
    picks = [a_pick(0, 5.0, "Again."), a_pick(1, 9.0, "Again."), a_pick(2, 1.0, "Once.")]

    sentences = best_picks(picks, most=3)

    assert sentences == ["Again.", "Once."]
