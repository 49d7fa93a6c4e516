"""Reading and writing a declared type."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from math import inf, nan
from typing import Any
from uuid import UUID

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    TypeAdapter,
)

from kernel.authoring.schema import Schema
from kernel.errors import InvalidInputError, InvalidOutputError
from tests.kernel.authoring.reports import Words, problems_in


class Secret(BaseModel):
    password: SecretStr


class Aliased(BaseModel):
    size: int = Field(default=1, alias="theSize")
    tags: set[str] = Field(default={"b"}, alias="theTags")


class Tags(RootModel[set[str]]):
    pass


@dataclass
class Record:
    tags: set[str]


def test_what_is_of_another_type_is_refused() -> None:
    schema = Schema(of=Words, role="The output of stage 'split'")

    with pytest.raises(InvalidOutputError) as caught:
        schema.dump({"words": 3})

    assert caught.value.message == (
        "The output of stage 'split' does not fit Words: words: Input should be a valid list."
    )
    assert caught.value.context == {"problems": ["words: Input should be a valid list"]}


def test_nobody_learns_the_value_from_a_refusal() -> None:
    with pytest.raises(InvalidOutputError) as caught:
        Schema(of=Secret).dump(Secret(password=SecretStr("swordfish")))

    assert "swordfish" not in str(caught.value)


def test_what_does_not_fit_is_told_field_by_field() -> None:
    schema = Schema(of=list[Words], role="The input of stage 'count'")

    with pytest.raises(InvalidInputError) as caught:
        schema.parse([{"words": 1}, {}])

    assert caught.value.message == (
        "The input of stage 'count' does not fit list[Words]: "
        "0.words: Input should be a valid array; 1.words: Field required."
    )


def test_a_long_list_of_problems_is_cut_in_the_message_only() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Schema(of=list[int]).parse(["a"] * 7)

    assert caught.value.message.endswith("; and 2 more.")
    assert len(problems_in(lambda: Schema(of=list[int]).parse(["a"] * 7))) == 7


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (nan, "NaN and infinity are not JSON"),
        ({"a": [{1, 2}]}, "a.0: set is not JSON"),
        ("\ud800", "half a surrogate pair is not text"),
    ],
)
def test_what_is_not_json_cannot_be_read(value: Any, problem: str) -> None:
    problems = problems_in(lambda: Schema(of=Any).parse(value), InvalidInputError)

    assert problems == [problem]


def test_a_strict_model_is_read_from_json_all_the_same() -> None:
    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)

        day: date
        key: UUID

    read = Schema(of=Strict).parse({"day": "2026-01-02", "key": str(UUID(int=1))})

    assert read == Strict(day=date(2026, 1, 2), key=UUID(int=1))


def test_defaults_are_the_fields_that_need_not_be_given() -> None:
    class Nested(BaseModel):
        x: int = 1
        y: int = 2

    class Config(BaseModel):
        required: int
        nested: Nested = Nested(y=5)
        made: list[int] = Field(default_factory=lambda: [3])

    assert Schema(of=Config).defaults() == {"nested": {"x": 1, "y": 5}, "made": [3]}
    assert Schema(of=Aliased).defaults() == {"theSize": 1, "theTags": ["b"]}


@pytest.mark.parametrize("of", [int, dict[str, int], Record, Tags])
def test_only_models_have_defaults(of: Any) -> None:
    assert Schema(of=of).defaults() == {}


def test_a_default_that_is_not_json_is_refused() -> None:
    class Endless(BaseModel):
        patience: float = inf

    class Binary(BaseModel):
        raw: bytes = b"\xff"

    assert problems_in(Schema(of=Endless).defaults) == ["patience: NaN and infinity are not JSON"]
    assert problems_in(Schema(of=Binary).defaults)[0].startswith("raw: 'utf-8' codec")


def test_a_json_schema_never_fails_on_what_it_cannot_say() -> None:
    class Handler(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        call: Callable[[], None]
        opaque: Schema = Schema(of=int)
        patience: float = inf

    schema = Schema(of=Handler).json_schema()

    assert schema["properties"]["patience"]["default"] == "inf"
    assert schema["required"] == ["call"]


def test_a_json_schema_is_the_callers_own() -> None:
    schema = Schema(of=Words)

    schema.json_schema().clear()

    assert schema.json_schema() == TypeAdapter(Words).json_schema()


def test_a_type_that_pydantic_cannot_read_says_why() -> None:
    class Opaque: ...

    fault = Schema(of=Opaque).fault()

    assert fault.startswith("Pydantic cannot read Opaque: Unable to generate pydantic-core schema")
    assert Schema(of=Words).fault() == ""
    assert Schema(of=list[Words]).fault() == ""
