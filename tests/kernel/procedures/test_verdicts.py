"""Whatever a stage returns or raises becomes a verdict; nonsense is not tried again."""

import asyncio
from decimal import Decimal
from typing import Any, cast

import pytest
from pydantic import BaseModel

from kernel.authoring import (
    Artifact,
    Completed,
    Fatal,
    RetryAfter,
    StageContext,
    stage,
    workflow,
)
from kernel.errors import InvalidInputError, NotFoundError
from kernel.model.failure import Failure
from kernel.model.payload import Blob
from kernel.model.policy import Policy
from kernel.model.status import Status
from tests.support.moves import (
    A_MINUTE,
    begin,
    begin_alone,
    claimed,
    execute,
    finish_alone,
    settle,
    success,
)
from tests.support.turns import Page, Turns
from tests.support.workflows import Number
from tests.support.world import World


def executed(world: World, answer: Any) -> Failure | None:
    """Run a stage that declares a number and answers *answer*; return why it failed."""
    turns = Turns[Any](answer)

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Number:
        return cast("Number", turns.take())

    run_id = begin_alone(world, only)
    return execute(world, run_id, "only").error


def kind_of(value: object) -> str:
    """Return what *value* is called in a test's name, which must be the same in every process."""
    return type(value).__name__


@pytest.mark.parametrize(
    "nonsense",
    [None, "seven", 7, object(), Page(text="seven"), {"value": "many"}, len, [Number(value=1)]],
    ids=kind_of,
)
def test_an_output_that_is_not_what_was_declared_fails_the_stage(
    world: World, nonsense: Any
) -> None:
    error = executed(world, nonsense)

    assert error is not None
    assert (error.code, error.retryable) == ("INVALID_OUTPUT", False)
    assert "stage 'only'" in error.message


def test_a_completed_output_is_checked_as_well(world: World) -> None:
    error = executed(world, Completed(cast("Number", "seven")))

    assert error is not None
    assert error.code == "INVALID_OUTPUT"


@pytest.mark.parametrize(
    ("raised", "failure"),
    [
        (ValueError("oh"), Failure.of("STAGE_ERROR", "ValueError: oh", retryable=True)),
        (ValueError(), Failure.of("STAGE_ERROR", "ValueError", retryable=True)),
        (InvalidInputError("It does not fit."), Failure.of("INVALID_INPUT", "It does not fit.")),
        (NotFoundError("It is gone."), Failure.of("NOT_FOUND", "It is gone.")),
        (RetryAfter(A_MINUTE, "Wait."), Failure.of("RETRY_AFTER", "Wait.", retryable=True)),
        (Fatal(), Failure.of("FATAL", "Fatal")),
    ],
    ids=["with words", "without", "bad input", "not found", "wait", "fatal"],
)
def test_what_a_body_raises_says_whether_to_try_again(
    world: World, raised: Exception, failure: Failure
) -> None:
    error = executed(world, raised)

    assert error == failure


def test_a_long_message_is_cut_to_what_a_record_may_hold(world: World) -> None:
    error = executed(world, ValueError("x" * 5_000))

    assert error is not None
    assert len(error.message) == 1_000


class Secret(BaseModel):
    """A default that nobody can store."""

    value: float


def test_a_value_that_would_not_come_back_is_refused(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Secret:
        return Secret(value=float("nan"))

    run = finish_alone(world, only)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "INVALID_OUTPUT")
    assert world.stages(run.id)["only"].attempt == 1


def test_metrics_and_artifacts_are_kept_beside_the_output(world: World) -> None:
    artifacts: dict[str, Artifact] = {
        "report.md": "# Rivers",
        "rows.json": [1, 2],
        "blob": b"\x00",
        "a/b.CSV": "1;2",
    }

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Completed[Number]:
        return Completed(ctx.input, metrics={"rows": 2.0}, artifacts=artifacts)

    run = finish_alone(world, only)

    result = world.stages(run.id)["only"].result
    assert result is not None
    assert result.metrics == {"rows": 2.0}
    assert [(one.name, one.content_type, one.size) for one in result.artifacts] == [
        ("report.md", "text/markdown; charset=utf-8", 8),
        ("rows.json", "application/json", 5),
        ("blob", "application/octet-stream", 1),
        ("a/b.CSV", "text/csv; charset=utf-8", 3),
    ]


@pytest.mark.parametrize("number", [Decimal(1), "1", None, float("nan"), object()], ids=kind_of)
def test_metrics_that_are_no_numbers_fail_the_stage(world: World, number: Any) -> None:
    error = executed(world, Completed(Number(value=1), metrics={"rows": number}))

    assert error is not None
    assert (error.code, error.retryable) == ("INVALID_OUTPUT", False)
    assert "'rows'" in error.message


@pytest.mark.parametrize(
    "metrics",
    [{f"m{nth}": 1 for nth in range(101)}, {"m" * 1_100: 1}, {"": 1}, {7: 1}],
    ids=["many", "long", "nameless", "numbered"],
)
def test_metrics_that_no_record_can_hold_fail_the_stage(
    world: World, metrics: dict[Any, float]
) -> None:
    error = executed(world, Completed(Number(value=1), metrics=metrics))

    assert error is not None
    assert (error.code, error.retryable) == ("INVALID_OUTPUT", False)
    assert "at most 100" in error.message


def test_an_artifact_lies_under_its_attempt(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Completed[Number]:
        return Completed(ctx.input, artifacts={"report.md": "# Rivers"})

    run = finish_alone(world, only)

    result = world.stages(run.id)["only"].result
    assert result is not None
    (artifact,) = result.artifacts
    assert artifact.key.startswith(f"runs/{run.id}/only/0-1/")
    assert world.blobs.get(artifact.key) == b"# Rivers"
    assert world.blobs.content_type(artifact.key) == artifact.content_type


@pytest.mark.parametrize("name", ["", "../report.md", "/etc/passwd", "a//b", "x" * 201, "a\nb"])
def test_an_artifact_that_would_lie_elsewhere_is_refused(world: World, name: str) -> None:
    error = executed(world, Completed(Number(value=1), artifacts={name: "text"}))

    assert error is not None
    assert (error.code, error.retryable) == ("INVALID_INPUT", False)
    assert world.blobs.keys("") == []


def test_more_artifacts_than_a_record_may_hold_are_refused(world: World) -> None:
    world.policy = Policy(artifact_limit=2)
    files = {f"{number}.txt": "text" for number in range(3)}

    error = executed(world, Completed(Number(value=1), artifacts=files))

    assert error == Failure.of("INVALID_OUTPUT", "Stage 'only' leaves 3 artifacts; the most is 2.")


def test_a_large_output_lies_in_a_blob_under_its_attempt(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Page:
        return Page(text="x" * 5_000)

    run = finish_alone(world, only)

    result = world.stages(run.id)["only"].result
    assert result is not None
    assert isinstance(result.output, Blob)
    assert result.output.key.startswith(f"runs/{run.id}/only/0-1/")
    assert world.output(run.id, "only") == {"text": "x" * 5_000}


def test_a_blob_store_that_is_down_is_not_the_stages_fault(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Page:
        world.blobs.down = True
        return Page(text="x" * 5_000)

    run_id = begin_alone(world, only)

    result = execute(world, run_id, "only")

    world.blobs.down = False
    assert result.will_retry
    assert world.stages(run_id)["only"].stumbles == 1


def test_a_stage_may_be_asynchronous(world: World) -> None:
    @stage(id="only")
    async def only(ctx: StageContext[Number, None]) -> Number:
        await asyncio.sleep(0)
        return Number(value=ctx.input.value + 1)

    run = finish_alone(world, only)

    assert world.output(run.id, "only") == {"value": 2}


def test_an_input_that_no_longer_fits_is_no_fault_of_the_bodys(world: World) -> None:
    asked = Turns[None](None)

    @stage(id="first")
    def first(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    @stage(id="second")
    def second(ctx: StageContext[Number, None]) -> Number:
        asked.take()
        return ctx.input

    world.learn(workflow("two", input=Number).pipe(first).pipe(second).build())
    run_id = begin(world, "two")
    settle(world, claimed(world, run_id, "first"), success({"value": "many"}))

    result = execute(world, run_id, "second")

    assert result.error is not None
    assert (result.error.code, result.will_retry) == ("INVALID_INPUT", False)
    assert asked.taken == 0
