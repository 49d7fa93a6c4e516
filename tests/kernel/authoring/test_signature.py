"""What annotations say, and what is said when they say too little."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated, Any, Optional, Union

import pytest

from kernel.authoring import Completed, Failed, NotReady, Ready, StageContext, Suspend
from kernel.authoring.signature import signature_of
from tests.kernel.authoring.reports import Document, Labels, SplitConfig, Ticket, Words

ADVICE = "write `ctx: StageContext[Input, Config]`, with None for what it does not need"


def annotated(function: Callable[..., Any], **annotations: Any) -> Callable[..., Any]:
    function.__annotations__ = annotations
    return function


def returning(annotation: Any) -> Callable[..., Any]:
    def body(ctx: Any) -> None: ...

    return annotated(body, ctx=StageContext[Document, None], **{"return": annotation})


def batch(execute: Any, check: Any, ctx: Any = None, state: Any = Ticket) -> type:
    class Classify:
        def execute(self, ctx: Any) -> None: ...
        def check(self, ctx: Any, state: Any) -> None: ...

    context = StageContext[Words, None]
    annotated(Classify.execute, ctx=context, **{"return": execute})
    annotated(Classify.check, ctx=ctx or context, state=state, **{"return": check})
    return Classify


def problems_of(body: Callable[..., Any], *, polls: bool = False) -> list[str]:
    return list(signature_of(body, polls=polls).problems)


@pytest.mark.parametrize(
    ("annotation", "output", "state"),
    [
        (Words, Words, None),
        (None, type(None), None),
        (Any, Any, None),
        (list[str], list[str], None),
        (Optional[Words], Words | None, None),  # noqa: UP045 - The old spelling is another type.
        (Words | Labels, Words | Labels, None),
        (Completed[Words], Words, None),
        (Completed, Any, None),
        (Words | Completed[Words], Words, None),
        (Words | Suspend[Ticket], Words, Ticket),
        (Union[Words, Suspend[Ticket]], Words, Ticket),  # noqa: UP007 - As above.
        (Completed[Words] | Suspend[Ticket] | Suspend[Labels], Words, Ticket | Labels),
        (Completed[Words | None] | Suspend[None], Words | None, type(None)),
        (Suspend[Ticket], Any, Ticket),
        (Suspend, Any, Any),
        (Coroutine[Any, Any, Words | Suspend[Ticket]], Words, Ticket),
        (Awaitable[Completed[Words]], Words, None),
        (Annotated[int, "even"], Annotated[int, "even"], None),
    ],
)
def test_verdicts_and_coroutines_are_taken_off_an_output(
    annotation: Any, output: Any, state: Any
) -> None:
    signature = signature_of(returning(annotation), polls=False)

    assert signature.problems == ()
    assert signature.output == output
    assert signature.state == state


def test_a_context_says_what_comes_in() -> None:
    def body(ctx: StageContext[Document, SplitConfig]) -> Words: ...  # type: ignore[empty-body]

    signature = signature_of(body, polls=False)

    assert signature.input is Document
    assert signature.config is SplitConfig


def test_an_argument_with_a_default_is_the_authors_own_business() -> None:
    def body(ctx: StageContext[Document, None], *, client: str = "", **_: int) -> None: ...

    assert problems_of(body) == []


def test_an_unannotated_function_is_told_what_to_write() -> None:
    def body(ctx): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202

    assert problems_of(body) == [
        f"`body` does not say what it takes; {ADVICE}",
        "`body` does not say what it returns; write `-> Output`",
    ]


@pytest.mark.parametrize(
    ("annotation", "shown"), [(Document, "Document"), (StageContext, "StageContext")]
)
def test_another_argument_than_a_context_is_refused(annotation: Any, shown: str) -> None:
    def body(ctx: Any) -> None: ...

    assert problems_of(annotated(body, ctx=annotation, **{"return": None})) == [
        f"`body` takes {shown}; {ADVICE}"
    ]


def test_a_function_takes_a_context_and_nothing_else() -> None:
    def none() -> None: ...
    def two(ctx: StageContext[None, None], extra: int) -> None: ...

    assert problems_of(none) == ["`none` must take ctx, and nothing else"]
    assert problems_of(two) == ["`two` must take ctx, and nothing else"]


def test_only_a_check_says_ready() -> None:
    problem = "`body` returns what only the check of a batch stage may return"

    assert problems_of(returning(Ready[Words])) == [problem]
    assert problems_of(returning(Words | NotReady)) == [problem]


def test_annotations_that_cannot_be_read_are_reported_with_the_reason() -> None:
    [problem] = problems_of(returning("Words["))

    assert problem.startswith("the annotations of `body` cannot be read: ")


def test_a_batch_stage_is_read_from_both_its_methods() -> None:
    body = batch(Suspend[Ticket] | Completed[Labels], Ready[Labels] | NotReady | Failed)

    signature = signature_of(body, polls=True)

    assert signature.problems == ()
    assert signature.input is Words
    assert signature.output is Labels
    assert signature.state is Ticket


def test_a_batch_stage_is_a_class_with_both_methods() -> None:
    def body(ctx: StageContext[None, None]) -> None: ...

    class Empty: ...

    assert problems_of(body, polls=True) == ["`body` is a function; a batch stage is a class"]
    assert problems_of(Empty, polls=True) == [
        "`Empty` has no method execute",
        "`Empty` has no method check",
    ]
    assert problems_of(Empty) == ["`Empty` has no method execute"]


def test_a_class_with_a_check_belongs_to_the_other_decorator() -> None:
    body = batch(Suspend[Ticket], Ready[Labels])

    assert problems_of(body) == ["`Classify` has a check; decorate it with @batch_stage"]


def test_a_class_must_be_made_without_arguments() -> None:
    class Needy:
        def __init__(self, client: str, *rest: str) -> None: ...

        def execute(self, ctx: StageContext[None, None]) -> None: ...

    assert problems_of(Needy) == ["`Needy` cannot be made without arguments; give them defaults"]


def test_a_batch_stage_that_does_not_suspend_is_refused() -> None:
    problem = (
        "`Classify.execute` must return Suspend[State], or Completed[Output] when it need not wait"
    )

    assert problems_of(batch(Labels, Ready[Labels]), polls=True) == [problem]
    assert problems_of(batch(Completed[Labels], Ready[Labels]), polls=True) == [problem]


def test_check_must_take_the_state_that_execute_leaves() -> None:
    other = batch(Suspend[Ticket], Ready[Labels], state=Labels)
    wider = batch(Suspend[Ticket], Ready[Labels], state=Ticket | Labels)

    assert problems_of(other, polls=True) == [
        "`Classify.execute` suspends with Ticket, but `Classify.check` takes Labels"
    ]
    assert problems_of(wider, polls=True) == []


@pytest.mark.parametrize("annotation", [Labels, NotReady | Failed, Ready[Labels] | Labels])
def test_check_must_be_able_to_say_ready_and_nothing_else_than_an_answer(annotation: Any) -> None:
    assert problems_of(batch(Suspend[Ticket], annotation), polls=True) == [
        "`Classify.check` must return Ready[Output], and may return NotReady or Failed"
    ]


def test_both_methods_take_the_same_context() -> None:
    body = batch(Suspend[Ticket], Ready[Labels], ctx=StageContext[Document, None])

    assert problems_of(body, polls=True) == [
        "`Classify.execute` and `Classify.check` must take the same StageContext"
    ]


def test_a_check_must_say_what_its_state_is() -> None:
    body = batch(Suspend[Ticket], Ready[Labels])
    annotated(body.check, ctx=StageContext[Words, None], **{"return": Ready[Labels]})  # type: ignore[attr-defined]

    assert problems_of(body, polls=True) == [
        "`Classify.check` does not say what `state` is; write `state: State`"
    ]
