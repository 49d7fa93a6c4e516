"""What the decorators make of functions and classes."""

from collections.abc import Awaitable
from datetime import timedelta
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any

import pytest

from kernel.authoring import (
    Failed,
    NotReady,
    Ready,
    Retry,
    Stage,
    StageContext,
    Suspend,
    batch_stage,
    stage,
)
from kernel.errors import DefinitionError
from tests.kernel.authoring.reports import Classify, Document, Labels, Ticket, Words, split


def finished(awaitable: Awaitable[Any]) -> Any:
    with pytest.raises(StopIteration) as caught:
        next(awaitable.__await__())
    return caught.value.value


def test_a_bare_decorator_takes_everything_from_the_function() -> None:
    @stage
    def key_phrases(ctx: StageContext[Words, None]) -> Labels:
        """Find the phrases that matter.

        They are not many.
        """
        return Labels(labels=[])

    assert isinstance(key_phrases, Stage)
    assert key_phrases.id == "key_phrases"
    assert key_phrases.name == "Key phrases"
    assert key_phrases.description == "Find the phrases that matter."
    assert key_phrases.retry == Retry()
    assert key_phrases.timeout == timedelta(minutes=5)
    assert key_phrases.dependencies == ()
    assert key_phrases.queue is None
    assert key_phrases.isolate is None
    assert key_phrases.memory_limit is None
    assert key_phrases.when is None


def test_options_come_before_what_the_function_says() -> None:
    @stage(
        id="phrases",
        name="All phrases",
        description="Find them.",
        dependencies=[split, "count"],
        retry=Retry(max_attempts=5),
        timeout=timedelta(minutes=1),
        queue="slow",
        isolate=True,
        memory_limit=512,
        when=lambda ctx: ctx.attempt == 1,
    )
    def key_phrases(ctx: StageContext[Words, None]) -> Labels:
        """Not this."""
        return Labels(labels=[])

    assert key_phrases.id == "phrases"
    assert key_phrases.name == "All phrases"
    assert key_phrases.description == "Find them."
    assert key_phrases.dependencies == ("split", "count")
    assert key_phrases.retry.max_attempts == 5
    assert key_phrases.timeout == timedelta(minutes=1)
    assert key_phrases.queue == "slow"
    assert key_phrases.isolate
    assert key_phrases.memory_limit == 512
    assert key_phrases.when
    assert key_phrases.when(SimpleNamespace(attempt=1))


def test_a_name_follows_from_the_id() -> None:
    @stage(id="html-report_2")
    def report(ctx: StageContext[Words, None]) -> str:
        return ""

    assert report.name == "Html report 2"
    assert report.description == ""


def test_a_class_gives_its_id_in_snake_case() -> None:
    class HTMLKeyPhrases2Go:
        def execute(self, ctx: StageContext[Words, None]) -> Labels:
            return Labels(labels=[])

    assert stage(HTMLKeyPhrases2Go).id == "html_key_phrases2_go"


def test_a_body_can_be_called_in_a_test() -> None:
    ctx = SimpleNamespace(input=Document(url="a/b"))

    assert split(ctx) == Words(words=["a", "b"])
    assert split.execute(ctx) == Words(words=["a", "b"])


def test_a_class_can_be_called_in_a_test() -> None:
    ctx = SimpleNamespace(input=Words(words=["a", "b"]))

    assert Classify().execute(ctx) == Suspend(Ticket(number=2))


def test_a_class_is_made_once_and_not_before_it_is_needed() -> None:
    made = []

    @stage
    class Careful:
        def __init__(self) -> None:
            made.append(self)

        def execute(self, ctx: StageContext[None, None]) -> int:
            return len(made)

    careful = as_stage(Careful)
    assert careful.output.of is int
    assert made == []
    assert [careful.execute(None), careful.execute(None)] == [1, 1]


def test_the_schemas_come_from_the_annotations() -> None:
    assert split.input
    assert split.config
    assert split.input.of is Document
    assert split.output.of is Words
    assert split.config.defaults() == {"lowercase": True, "limit": 100}
    assert split.state is None


def test_none_stands_for_no_input_and_no_config() -> None:
    @stage
    def dice(ctx: StageContext[None, None]) -> int:
        return 4

    assert dice.input is None
    assert dice.config is None


def test_a_batch_stage_has_its_output_from_check_and_its_state_from_execute() -> None:
    classify = as_stage(Classify)
    ctx = SimpleNamespace(input=Words(words=["a"]))

    assert classify.output.of is Labels
    assert classify.state
    assert classify.state.of is Ticket
    assert classify.check
    assert classify.check(ctx, Ticket(number=1)) == Ready(Labels(labels=["1"]))


def test_a_stage_that_does_not_poll_has_no_check() -> None:
    assert split.check is None


def test_an_async_body_gives_an_awaitable_and_the_type_that_it_declares() -> None:
    @stage
    async def later(ctx: StageContext[Words, None]) -> Labels | Suspend[Ticket]:
        return Labels(labels=["late"])

    promise = later.execute(None)

    assert isawaitable(promise)
    assert finished(promise) == Labels(labels=["late"])
    assert later.output.of is Labels
    assert later.state
    assert later.state.of is Ticket


def test_both_halves_of_a_batch_stage_may_be_async() -> None:
    @batch_stage(id="later")
    class Later:
        async def execute(self, ctx: StageContext[Words, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1))

        async def check(
            self, ctx: StageContext[Words, None], state: Ticket
        ) -> Ready[Labels] | NotReady | Failed:
            return NotReady()

    later = as_stage(Later)
    assert later.check
    assert later.signature.problems == ()
    assert finished(later.execute(None)) == Suspend(Ticket(number=1))
    assert finished(later.check(None, Ticket(number=1))) == NotReady()


def test_what_is_no_function_and_no_class_is_no_stage() -> None:
    with pytest.raises(
        DefinitionError, match="A stage is a function or a class, and 3 is neither"
    ):
        stage(3)  # type: ignore[call-overload]


def as_stage(decorated: Any) -> Stage[Any, Any]:
    """Say what mypy cannot see: a decorated class is a stage."""
    assert isinstance(decorated, Stage)
    return decorated
