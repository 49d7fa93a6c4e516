"""Which outputs fit which inputs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Never, NewType, NotRequired, Protocol, TypeVar

import pytest
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    computed_field,
)
from typing_extensions import TypeAliasType, TypedDict

from kernel.authoring.fitting import fits, gaps
from kernel.authoring.shapes import keyed

T = TypeVar("T")


class Document(BaseModel):
    url: str


class Letter(Document):
    sender: str = "somebody"


class Page(BaseModel):
    url: str
    title: str = ""


class Link(BaseModel):
    url: Path


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    url: str


class Aliased(BaseModel):
    address: str = Field(alias="url")


class ByEither(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    url: str = Field(alias="address")


class Choosing(BaseModel):
    address: str = Field(validation_alias=AliasChoices("url", "link"))


class Hidden(BaseModel):
    url: str = Field(exclude=True)


class Computed(BaseModel):
    @computed_field  # type: ignore[prop-decorator]
    @property
    def url(self) -> str:
        return ""


class Tree(BaseModel):
    children: list["Tree"]


class Bush(BaseModel):
    children: list["Bush"]


class Hedge(BaseModel):
    children: list["Hedge | int"]


class Undefined(BaseModel):
    later: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class Urls(RootModel[list[str]]):
    pass


class Box(BaseModel, frozen=True):
    content: int


@dataclass
class Record:
    url: str
    size: int = 0
    tags: list[str] = field(default_factory=list)
    cached: str = field(init=False, default="")


class Entry(TypedDict):
    url: str
    title: NotRequired[str]


class Titled(TypedDict):
    title: str


class Colour(StrEnum):
    RED = "red"


class Silent(Protocol):
    url: str


Name = NewType("Name", str)
Alias = TypeAliasType("Alias", list[str])


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        (Document, Document),
        (Document, Any),
        (Document, object),
        (Document, JsonValue),
        (Any, Document),
        (JsonValue, Document),
        (T, Document),
        (Never, Document),
        (None, None),
        (Document, Document | None),
        (None, Document | None),
        (Document | None, Document | None),
        (Letter | Page, Document),
        (Letter, Document),
        (Page, Document),
        (Document, Page),
        (Document, Letter),
        (Document, Strict),
        (Document, Aliased),
        (Aliased, Aliased),
        (Document, ByEither),
        (ByEither, ByEither),
        (Document, Choosing),
        (Tree, Bush),
        (Record, Document),
        (Document, Record),
        (Entry, Document),
        (Document, Entry),
        (Urls, list[str]),
        (list[str], Urls),
        (Document, dict[str, str]),
        (Document, Mapping[str, Any]),
        (Record, dict),
        (Name, str),
        (Alias, list[str]),
        (Annotated[int, "even"], int),
        (int, Annotated[int, "even"]),
        (int, float),
        (bool, int),
        (Colour, str),
        (Literal["a"], str),
        (Literal["a"], Literal["a", "b"]),
        (Literal["a", 1], str | int),
        (list[Letter], list[Document]),
        (list[str], Sequence[str]),
        (list[str], list),
        (list, list[str]),
        (dict[str, int], Mapping[str, float]),
        (tuple[int, int], tuple[int, ...]),
        (tuple[int, int], tuple[float, int]),
        (tuple[int, ...], Sequence[float]),
        (Path, Silent),
        (Mapping[str, int], Collection[str]),
    ],
)
def test_these_fit(offered: Any, wanted: Any) -> None:
    assert fits(offered, wanted)


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        (object, Document),
        (None, Document),
        (Document | None, Document),
        (Document | int, Document),
        (int, Document | None),
        (Document, Link),
        (Page, Strict),
        (Letter, Strict),
        (ByEither, Document),
        (Document, Titled),
        (Entry, Titled),
        (Hidden, Document),
        (Computed, Document),
        (Hedge, Tree),
        (Undefined, Document),
        (Document, list[str]),
        (Document, dict[str, int]),
        (dict[str, str], Document),
        (float, int),
        (str, int),
        (str, Path),
        (str, datetime),
        (str, Sequence[str]),
        (str, Literal["a"]),
        (Literal["c"], Literal["a", "b"]),
        (Literal[1], Literal[True]),
        (Literal["a"], int),
        (list[Document], list[Link]),
        (list[str], tuple[str, ...]),
        (dict[str, str], dict[str, int]),
        (tuple[int, int], tuple[int]),
        (tuple[int, ...], tuple[int, int]),
        (tuple[int, str], Sequence[int]),
        (int, "unresolved"),
    ],
)
def test_these_do_not_fit(offered: Any, wanted: Any) -> None:
    assert not fits(offered, wanted)


def test_an_object_of_outputs_is_asked_key_by_key() -> None:
    outputs = keyed({"url": str, "size": int})

    assert fits(outputs, Document)
    assert fits(outputs, Record)
    assert fits(outputs, Mapping[str, str | int])
    assert not fits(outputs, Mapping[str, int])
    assert not fits(outputs, Titled)
    assert not fits(outputs, str)


def test_gaps_are_told_field_by_field() -> None:
    class Wanted(BaseModel):
        model_config = ConfigDict(extra="forbid")

        title: str
        url: int
        size: int = 0

    outputs = keyed({"url": str, "pages": int, "extra": int})

    assert gaps(outputs, Wanted) == [
        "its field 'title' is missing",
        "its field 'url' is int, which str is not",
        "it forbids the field 'extra'",
        "it forbids the field 'pages'",
    ]


def test_there_is_nothing_to_tell_about_what_has_no_fields() -> None:
    assert gaps(int, Document) == []
    assert gaps(Document, int) == []
