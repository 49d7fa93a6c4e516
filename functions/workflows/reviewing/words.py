"""What goes in, what models are asked for, and what the stages hand on."""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

OFFLINE: Final = "offline:reviewer"
SHIPPED: Final = Path(__file__).with_name("reviews.json")
MOST_REVIEWS: Final = 100

Theme: TypeAlias = Literal["delivery", "quality", "service", "price", "other"]
Mood: TypeAlias = Literal["happy", "mixed", "unhappy"]


class Review(BaseModel):
    """What a customer wrote."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,40}$")]
    text: Annotated[str, Field(min_length=1, max_length=4_000)]
    stars: Annotated[int, Field(ge=1, le=5)] | None = None


class Asked(BaseModel):
    """What to review, and by which models. Left out, the reviews are those that come with it.

    A list is taken for the reviews alone.
    """

    model_config = ConfigDict(extra="forbid")

    reviews: Annotated[list[Review], Field(min_length=1, max_length=MOST_REVIEWS)] | None = None
    model: str = Field(default=OFFLINE, description="Such as bedrock:amazon.nova-lite-v1:0.")
    judge: str | None = Field(default=None, description="The model that judges, if another one.")

    @model_validator(mode="before")
    @classmethod
    def _may_be_a_list(cls, value: Any) -> Any:
        return {"reviews": value} if isinstance(value, list) else value

    @field_validator("reviews")
    @classmethod
    def _are_told_apart(cls, reviews: list[Review] | None) -> list[Review] | None:
        if reviews and len({review.id for review in reviews}) < len(reviews):
            raise ValueError("two reviews have the same id")
        return reviews


class Models(BaseModel):
    """Which models to ask, whatever the input says."""

    model: str | None = None
    judge: str | None = None


class Reviews(BaseModel):
    """What all stages work on."""

    reviews: list[Review]
    model: str
    judge: str


class Kind(BaseModel):
    """What a review is about, and how its author feels."""

    theme: Theme
    mood: Mood


class Facts(BaseModel):
    """What a review names. Nothing is made up: what is not named is null."""

    product: str | None = None
    order: str | None = Field(default=None, description="An order number, such as HR-10482.")
    dollars: float | None = Field(default=None, description="The first amount that is named.")
    wants_refund: bool = False


class Summary(BaseModel):
    """What the reviews of one theme say, in a sentence or two."""

    text: str = Field(min_length=1)


class Verdict(BaseModel):
    """How far a summary is borne out by its reviews: 1 not at all, 5 in every word."""

    score: int = Field(ge=1, le=5)
    reason: str


class Kinds(BaseModel):
    by_id: dict[str, Kind]


class AllFacts(BaseModel):
    by_id: dict[str, Facts]


class Known(BaseModel):
    """What the stages side by side found, each under its own id."""

    classify: Kinds
    extract: AllFacts


class ThemeSummary(BaseModel):
    """*problem*: why there is no summary."""

    theme: Theme
    reviews: list[str]
    text: str = ""
    problem: str = ""


class Summaries(BaseModel):
    themes: list[ThemeSummary]


class Verdicts(BaseModel):
    by_theme: dict[Theme, Verdict]


def gathered(asked: Asked, models: Models | None = None) -> Reviews:
    """Return the reviews, and the models that *models* names, or else *asked*."""
    models = models or Models()
    reviews = asked.reviews
    if reviews is None:
        found = json.loads(SHIPPED.read_text(encoding="utf-8"))
        reviews = [Review.model_validate(each) for each in found]
    model = models.model or asked.model
    return Reviews(reviews=reviews, model=model, judge=models.judge or asked.judge or model)


def by_theme(reviews: Reviews, kinds: Kinds) -> dict[Theme, list[Review]]:
    """Return the reviews of each theme that there is, the fullest theme first."""
    found: dict[Theme, list[Review]] = {}
    for review in reviews.reviews:
        found.setdefault(kinds.by_id[review.id].theme, []).append(review)
    return dict(sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])))
