"""A stage's files lie under its own attempt, and no name leads out of there."""

from typing import Any

import pytest

from adapters.memory import MemoryBlobStore
from kernel.authoring import StageContext, stage
from kernel.errors import InvalidInputError, NotFoundError
from kernel.model.json import Json
from kernel.procedures.stage_storage import JobStorage
from tests.support.moves import finish_alone
from tests.support.workflows import Number
from tests.support.world import World


@pytest.fixture
def blobs() -> MemoryBlobStore:
    return MemoryBlobStore()


@pytest.fixture
def storage(blobs: MemoryBlobStore) -> JobStorage:
    return JobStorage(blobs, "runs/run-1/split/0-1/")


@pytest.mark.parametrize(
    ("content", "stored", "content_type"),
    [
        (b"\x00\xff", b"\x00\xff", "application/octet-stream"),
        ("rivers", b"rivers", "text/plain; charset=utf-8"),
        ({"b": 1, "a": [None]}, b'{"a":[null],"b":1}', "application/json"),
        (7, b"7", "application/json"),
    ],
    ids=["bytes", "text", "object", "number"],
)
def test_what_is_saved_is_stored_as_what_it_is(
    storage: JobStorage, blobs: MemoryBlobStore, content: Any, stored: bytes, content_type: str
) -> None:
    storage.save("one", content)

    key = "runs/run-1/split/0-1/files/one"
    assert blobs.keys("") == [key]
    assert (blobs.get(key), blobs.content_type(key)) == (stored, content_type)


def test_a_content_type_may_be_chosen(storage: JobStorage, blobs: MemoryBlobStore) -> None:
    storage.save("page", "<p>", "text/html")

    assert blobs.content_type("runs/run-1/split/0-1/files/page") == "text/html"


@pytest.mark.parametrize("value", [{"a": [1, None, "ü"]}, [], None, 7], ids=str)
def test_json_comes_back_as_it_was(storage: JobStorage, value: Json) -> None:
    storage.save("value", value)

    loaded = storage.load_json("value")

    assert loaded == value


def test_what_is_saved_again_replaces_what_was_there(storage: JobStorage) -> None:
    storage.save("one", "old")

    storage.save("one", "new")

    assert storage.load("one") == b"new"


def test_files_can_be_listed_and_forgotten(storage: JobStorage) -> None:
    storage.save("b/two", "2")
    storage.save("a", "1")

    storage.delete("a")

    assert storage.names() == ["b/two"]
    assert (storage.exists("a"), storage.exists("b/two")) == (False, True)


def test_forgetting_what_is_not_there_is_fine(storage: JobStorage) -> None:
    storage.delete("nothing")

    assert storage.names() == []


def test_what_is_not_there_cannot_be_loaded(storage: JobStorage) -> None:
    with pytest.raises(NotFoundError, match="files/nothing"):
        storage.load("nothing")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../other",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        "a/",
        "a\nb",
        "\x00",
        "x" * 201,
    ],
)
@pytest.mark.parametrize("act", ["save", "load", "load_json", "exists", "delete"])
def test_a_name_that_leads_elsewhere_is_refused(
    storage: JobStorage, blobs: MemoryBlobStore, name: str, act: str
) -> None:
    content = ["content"] * (act == "save")

    with pytest.raises(InvalidInputError, match="cannot name a blob"):
        getattr(storage, act)(name, *content)

    assert blobs.keys("") == []


def test_a_body_keeps_files_where_its_polls_and_nobody_else_find_them(world: World) -> None:
    seen: list[bool] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        seen.append(ctx.storage.exists("notes"))
        ctx.storage.save("notes", "text")
        return ctx.input

    run = finish_alone(world, only)

    assert seen == [False]
    assert world.blobs.keys("") == [f"runs/{run.id}/only/0-1/files/notes"]
