"""Proves the rules of the model that needs no network, and what its workflow makes of answers."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from functions.workflows.review import review
from functions.workflows.reviewing.report import bill_of, markdown, reported
from functions.workflows.reviewing.reviewer import classified, extracted, judged, summarised
from functions.workflows.reviewing.words import (
    AllFacts,
    Asked,
    Facts,
    Kind,
    Kinds,
    Models,
    Review,
    Summaries,
    ThemeSummary,
    Verdicts,
    gathered,
)
from kernel.authoring import CallStats
from kernel.model.status import Status
from tests.support.world import World

NOTHING = CallStats(
    calls=0,
    failed=0,
    unpriced=0,
    input_tokens=0,
    output_tokens=0,
    cached_tokens=0,
    cost=Decimal(0),
)


@pytest.mark.parametrize(
    ("text", "theme", "mood"),
    [
        ("1 of 5 stars. The parcel was late, the courier rude.", "delivery", "unhappy"),
        ("Support was friendly.", "service", "happy"),
        ("3 of 5 stars. The price is fair.", "price", "mixed"),
        ("Nothing to say.", "other", "mixed"),
    ],
)
def test_a_review_is_sorted_by_its_words(text: str, theme: str, mood: str) -> None:
    kind = classified(text)

    assert (kind.theme, kind.mood) == (theme, mood)


def test_only_what_is_named_is_a_fact() -> None:
    facts = extracted("My order HR-12 of the Rapid kettle for $79.50: I want a refund.")
    nothing = extracted("It is fine.")

    assert facts == Facts(product="Rapid kettle", order="HR-12", dollars=79.5, wants_refund=True)
    assert nothing == Facts()


def test_a_summary_counts_moods_and_takes_a_sentence_as_it_is() -> None:
    summary = summarised("- 1 of 5 stars. The lid broke.\n- 5 of 5 stars. The lid is great.")

    assert summary.text.startswith("1 unhappy, 1 happy of 2. The lid ")


@pytest.mark.parametrize(
    ("summary", "score"), [("The broken kettle.", 5), ("Purple cows sing.", 1)]
)
def test_a_summary_is_judged_by_what_its_reviews_say(summary: str, score: int) -> None:
    verdict = judged(f"Summary: {summary}\n\nReviews:\n- A broken kettle.")

    assert verdict.score == score


def test_the_reviews_that_come_with_it_are_all_there() -> None:
    reviews = gathered(Asked())

    assert len({one.id for one in reviews.reviews}) == 20
    assert reviews.judge == reviews.model == "offline:reviewer"


@pytest.mark.parametrize(
    "given",
    [
        {"reviews": []},
        {"reviews": [{"id": "a b", "text": "x"}]},
        {"reviews": [{"id": "a", "text": ""}]},
        {"reviews": [{"id": "a", "text": "x"}, {"id": "a", "text": "y"}]},
        {"modle": "x"},
        [],
        [{"id": "a"}],
        ["It is fine."],
        [{"id": "a", "text": "x", "stars": "many"}],
        "It is fine.",
    ],
)
def test_reviews_with_a_slip_in_them_are_refused(given: Any) -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate(given)


def test_a_list_is_taken_for_the_reviews() -> None:
    asked = Asked.model_validate([{"id": "a", "text": "x", "stars": "4"}])

    assert asked == Asked(reviews=[Review(id="a", text="x", stars=4)])


@pytest.mark.parametrize(
    ("asked", "models", "found"),
    [
        ({"model": "a:a"}, {}, ("a:a", "a:a")),
        ({"model": "a:a", "judge": "b:b"}, {"model": "c:c"}, ("c:c", "b:b")),
        ({"judge": "b:b"}, {"judge": "d:d"}, ("offline:reviewer", "d:d")),
    ],
)
def test_config_has_the_last_word_on_models(
    asked: dict[str, str], models: dict[str, str], found: tuple[str, str]
) -> None:
    reviews = gathered(Asked(**asked), Models(**models))  # type: ignore[arg-type]

    assert (reviews.model, reviews.judge) == found


def test_what_customers_write_stays_in_its_cell(world: World) -> None:
    world.learn(review)
    run_id = world.create("review", {"reviews": [{"id": "a", "text": "a | b\n<b>c</b> broke"}]})

    run = world.finish(run_id)

    (stored,) = (
        artifact
        for artifact in world.stages(run_id)["report"].result.artifacts  # type: ignore[union-attr]
        if artifact.name == "report.md"
    )
    page = world.blobs.get(stored.key).decode()
    assert run.status is Status.COMPLETED
    assert "| a \\| b &lt;b>c&lt;/b> broke |" in page


def test_a_theme_without_a_summary_says_why() -> None:
    reviews = gathered(Asked(reviews=[Review(id="a", text="Late.")]))
    theme = ThemeSummary(theme="delivery", reviews=["a"], problem="The model declined.")

    page = markdown(
        reported(
            reviews,
            Kinds(by_id={"a": Kind(theme="delivery", mood="unhappy")}),
            AllFacts(by_id={"a": Facts()}),
            (Summaries(themes=[theme]), Verdicts(by_theme={})),
            bill_of(reviews, lambda _: NOTHING),
        )
    )

    assert "There is no summary: The model declined." in page


def test_a_call_of_unknown_price_is_told_beside_the_sum() -> None:
    reviews = gathered(Asked(model="some:model", judge="other:model"))
    unknown = CallStats(**{**vars(NOTHING), "calls": 2, "unpriced": 1})

    bill = bill_of(reviews, lambda stage: unknown if stage == "judge" else NOTHING)

    assert [(line.name, line.unpriced) for line in bill.models] == [
        ("other:model", 1),
        ("some:model", 0),
    ]
    assert bill.total.unpriced == 1
