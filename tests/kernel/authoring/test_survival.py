"""What comes back from storage as it went, and what is refused because it would not."""

import enum
from collections import deque
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import inf, nan
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    computed_field,
    field_serializer,
    field_validator,
)

from kernel.authoring.schema import Schema
from kernel.errors import InvalidOutputError
from kernel.model.json import Json, canonical
from tests.kernel.authoring.reports import Words

LOST = "The value does not survive being stored as JSON: "


class Colour(enum.Enum):
    RED = "red"


class Point(BaseModel, frozen=True):
    x: int


class Secret(BaseModel):
    password: SecretStr


class Raw(BaseModel):
    size: int = 0
    raw: bytes


class Anything(BaseModel):
    value: Any


class Area(BaseModel):
    width: int


class Plot(Area):
    owner: str = "nobody"


class Aliased(BaseModel):
    size: int = Field(default=1, alias="theSize")
    tags: set[str] = Field(default={"b", "a"}, alias="theTags")


class Square(BaseModel):
    model_config = ConfigDict(extra="forbid")

    side: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def area(self) -> int:
        return self.side**2


class Forgetful(BaseModel):
    kept: int
    lost: int = Field(default=1, exclude=True)


class Stubborn(BaseModel):
    value: int

    @field_serializer("value")
    def refuse(self, value: int) -> int:
        raise TypeError(f"no {value}")


class Halved(BaseModel):
    number: int
    names: set[str]

    @field_serializer("number")
    def halve(self, number: int) -> list[int]:
        return [number // 2, number % 2]

    @field_validator("number", mode="before")
    @classmethod
    def double(cls, number: Any) -> Any:
        return number[0] * 2 + number[1] if isinstance(number, list) else number


class Deep(BaseModel):
    groups: dict[str, list[set[str]]]
    pairs: tuple[frozenset[int], ...] = ()


class Tags(RootModel[set[str]]):
    pass


@dataclass
class Record:
    tags: set[str]


@dataclass(eq=False)
class Unequal:
    size: int


class Everything(BaseModel):
    number: int
    ratio: float = Field(allow_inf_nan=False)
    text: str
    flag: bool
    moment: datetime
    day: date
    span: timedelta
    money: Decimal
    key: UUID
    colour: Colour | None
    raw: bytes
    names: set[str]
    pairs: dict[int, tuple[str, float]]
    points: list[Point]


TEXT = some.text(some.characters(exclude_categories=["Cs"]))
FINITE = some.floats(allow_nan=False, allow_infinity=False)
EVERYTHING = some.builds(
    Everything,
    ratio=FINITE,
    text=TEXT,
    span=some.timedeltas(timedelta(days=-999), timedelta(days=999)),
    money=some.decimals(allow_nan=False, allow_infinity=False),
    colour=some.sampled_from([Colour.RED, None]),
    raw=TEXT.map(str.encode),
    names=some.sets(TEXT),
    pairs=some.dictionaries(some.integers(), some.tuples(TEXT, FINITE)),
    points=some.lists(some.builds(Point)),
)


@given(EVERYTHING)
def test_a_model_comes_back_as_it_went(value: Everything) -> None:
    schema = Schema(of=Everything)

    dumped = schema.dump(value)

    assert schema.parse(dumped) == value
    assert schema.dump(schema.parse(dumped)) == dumped
    assert canonical(dumped)


@given(some.recursive(some.none() | some.booleans() | some.integers() | FINITE | TEXT, some.lists))
def test_json_is_json(value: Json) -> None:
    schema = Schema(of=Any)

    assert schema.parse(schema.dump(value)) == value


@given(some.binary())
def test_bytes_survive_if_they_are_text(raw: bytes) -> None:
    schema = Schema(of=bytes)

    assert survives(schema, raw) == is_text(raw)


@pytest.mark.parametrize(
    ("of", "value", "dumped"),
    [
        (Words, Words(words=["a"]), {"words": ["a"]}),
        (Words, {"words": ["a"]}, {"words": ["a"]}),
        (Area | None, None, None),
        (None, None, None),
        (float, 1, 1.0),
        (int, "5", 5),
        (bytes, b"text", "text"),
        (Aliased, Aliased(theSize=2), {"theSize": 2, "theTags": ["a", "b"]}),
        (Square, Square(side=2), {"side": 2}),
        (set[int], {10, 9, 1}, [1, 9, 10]),
        (set[frozenset[str]], {frozenset({"b", "a"}), frozenset({"c"})}, [["a", "b"], ["c"]]),
        (Deep, Deep(groups={"g": [{"b", "a"}]}), {"groups": {"g": [["a", "b"]]}, "pairs": []}),
        (Tags, Tags({"b", "a"}), ["a", "b"]),
        (deque[set[str]], deque([{"b", "a"}]), [["a", "b"]]),
        (Halved, Halved(number=7, names={"b", "a"}), {"number": [3, 1], "names": ["a", "b"]}),
        (Record, Record(tags={"b", "a"}), {"tags": ["a", "b"]}),
    ],
)
def test_what_fits_is_written_in_one_way(of: Any, value: Any, dumped: Json) -> None:
    assert Schema(of=of).dump(value) == dumped


@pytest.mark.parametrize(
    ("of", "value", "problem"),
    [
        (float, nan, "NaN and infinity are not JSON"),
        (list[float], [1.0, inf], "1: NaN and infinity are not JSON"),
        (Secret, Secret(password=SecretStr("x")), "password: SecretStr comes back changed"),
        (
            list[Secret],
            [Secret(password=SecretStr("x"))],
            "0.password: SecretStr comes back changed",
        ),
        (Forgetful, Forgetful(kept=1, lost=2), "lost: int comes back changed"),
        (Raw, Raw(raw=b"\xff"), "raw: 'utf-8' codec can't decode"),
        (Stubborn, Stubborn(value=1), "value: Error calling function `refuse`: TypeError: no 1"),
        (Anything, Anything(value=object()), "value: Unable to serialize unknown type"),
        (Any, object(), "Unable to serialize unknown type"),
        (Anything, Anything(value=(1, 2)), "value: tuple comes back as list"),
        (Anything, Anything(value={1: 2}), "value: its keys come back as other keys"),
        (Anything, Anything(value=[{"a": Colour.RED}]), "value.0.a: Colour comes back as str"),
        (Anything, Anything(value="\ud800"), "value: half a surrogate pair is not text"),
        (Area, Plot(width=1), "Plot comes back as Area"),
        (Unequal, Unequal(size=1), "Unequal comes back changed"),
        (set[Point], {Point(x=1)}, "a set is stored sorted, and these members have no order"),
        (set[int | str], {1, "a"}, "a set is stored sorted, and these members have no order"),
        (Deep, Deep.model_construct(groups={"g": [{1, "a"}]}), "groups.g.0: a set is stored"),
        (dict[tuple[int, int], int], {(1, 2): 3}, "1,2.[key]: Input should be a valid array"),
        (set[Any], {(1, 2)}, "0: Set items should be hashable"),
        (Words, Words.model_construct(words=5), "words: Input should be a valid array"),
    ],
)
def test_what_would_come_back_changed_is_refused(of: Any, value: Any, problem: str) -> None:
    with pytest.raises(InvalidOutputError) as caught:
        Schema(of=of).dump(value)

    assert caught.value.message.startswith(LOST + problem)
    assert caught.value.message.endswith(".")
    assert caught.value.message.count("\n") == 0


def survives(schema: Schema, value: object) -> bool:
    try:
        schema.dump(value)
    except InvalidOutputError:
        return False
    return True


def is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
