"""When two definitions count as the same."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from kernel.authoring import StageContext, Suspend, Workflow, stage, workflow

ROOT = Path(__file__).parents[3]
PROGRAM = "from tests.kernel.authoring.test_fingerprint import built; print(built().fingerprint)"


class Words(BaseModel):
    """Some words."""

    words: list[str] = Field(default=["b", "a"], title="Words", description="All of them.")
    tags: set[str] = {"one", "two", "three", "four", "five"}
    nested: dict[str, set[str]] = {"tags": {"one", "two", "three", "four", "five"}}


class Described(BaseModel):
    title: str
    description: str


def a_stage(stage_id: str, gives: Any = Words, takes: Any = None, config: Any = None) -> Any:
    def body(ctx: Any) -> None: ...

    body.__annotations__ = {"ctx": StageContext[takes, config], "return": gives}
    return stage(id=stage_id)(body)


def built(first: Any = None, output: Any = None) -> Workflow:
    start = workflow("words", input=Words, output=output)
    return (
        start.pipe(first or a_stage("first")).parallel(a_stage("left"), a_stage("right")).build()
    )


def test_a_fingerprint_is_16_hexadecimal_digits() -> None:
    assert len(built().fingerprint) == 16
    assert int(built().fingerprint, 16)


def test_the_same_definition_has_the_same_fingerprint() -> None:
    assert built().fingerprint == built().fingerprint


@pytest.mark.parametrize("seed", ["1", "2"])
def test_every_process_agrees_on_a_fingerprint(seed: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )

    assert told.stdout.strip() == built().fingerprint


@pytest.mark.parametrize(
    "other",
    [
        a_stage("another"),
        a_stage("first", gives=list[str]),
        a_stage("first", takes=Words),
        a_stage("first", config=Words),
        a_stage("first", gives=Words | Suspend[Words]),
        a_stage("first", gives=Described),
    ],
)
def test_another_id_or_schema_makes_another_fingerprint(other: Any) -> None:
    assert built(other).fingerprint != built().fingerprint


def test_another_order_makes_another_fingerprint() -> None:
    start = workflow("words", input=Words)
    one, two = a_stage("one"), a_stage("two")

    prints = {
        start.pipe(one).pipe(two).build().fingerprint,
        start.pipe(two).pipe(one).build().fingerprint,
        start.parallel(one, two).build().fingerprint,
        workflow("words", input=list[str]).pipe(one).pipe(two).build().fingerprint,
        workflow("words", input=Words, output=Any).pipe(one).pipe(two).build().fingerprint,
    }

    assert len(prints) == 5


def test_another_default_makes_another_fingerprint() -> None:
    def with_default(value: int) -> type[BaseModel]:
        class Words(BaseModel):
            size: int = value

        return Words

    one, two = a_stage("first", with_default(1)), a_stage("first", with_default(2))

    assert built(one).fingerprint != built(two).fingerprint


def test_code_rules_and_prose_do_not_count() -> None:
    def described(text: str) -> type[BaseModel]:
        class Words(BaseModel):
            __doc__ = text
            words: list[str] = Field(description=text)

        return Words

    @stage(id="first", name="The first", queue="slow", isolate=True, when=lambda _: False)
    def other(ctx: StageContext[None, None]) -> Words:
        return Words(words=["something", "else"])

    one, two = a_stage("first", described("one")), a_stage("first", described("two"))
    assert built(one).fingerprint == built(two).fingerprint
    assert built(other).fingerprint == built().fingerprint


def test_a_field_that_is_called_like_prose_counts() -> None:
    class Titled(BaseModel):
        title: str

    one, two = a_stage("first", Described), a_stage("first", Titled)

    assert built(one).fingerprint != built(two).fingerprint
