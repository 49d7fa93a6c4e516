"""What models are told: the task once, as what the system says, then the words it is about."""

from collections.abc import Sequence
from typing import Final

from functions.workflows.reviewing.words import Review

CLASSIFY: Final = (
    "You sort reviews of a shop for kitchen machines. Say what the review is mainly about, and"
    " whether its author is happy. Answer for the review alone."
)
EXTRACT: Final = (
    "You pick facts out of reviews. Take only what the review says in words; what it does not"
    " name is null."
)
SUMMARISE: Final = (
    "You summarise reviews for the people who run the shop, in one or two sentences. Say what"
    " most of them say, and nothing that none of them says."
)
JUDGE: Final = (
    "You check a summary against the reviews that it is of. Score it from 1, not borne out by"
    " them, to 5, borne out in every word, and give the reason in one sentence."
)
SUMMARY: Final = "Summary: "


def one(review: Review) -> str:
    stars = "" if review.stars is None else f"{review.stars} of 5 stars. "
    return f"{stars}{review.text}"


def many(reviews: Sequence[Review]) -> str:
    return "\n".join(f"- {one(review)}" for review in reviews)


def judged(summary: str, reviews: Sequence[Review]) -> str:
    return f"{SUMMARY}{summary}\n\nReviews:\n{many(reviews)}"
