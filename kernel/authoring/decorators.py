"""`@stage` and `@batch_stage`: from a function or a class to a stage."""

import inspect
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, Never, Protocol, TypeAlias, TypedDict, TypeVar, Unpack, overload

from kernel.authoring.bodies import (
    Batch,
    Executes,
    Later,
    Mixed,
    OutputT,
    PlainT,
    StateT,
    Verdict,
)
from kernel.authoring.context import StageContext
from kernel.authoring.naming import first_line_about, identifier_of, in_words
from kernel.authoring.stage import InputT, Stage
from kernel.authoring.verdict import Retry, Suspend
from kernel.errors import DefinitionError

AbsentT_co = TypeVar("AbsentT_co", covariant=True)
ResultT = TypeVar("ResultT")

FIVE_MINUTES: Final = timedelta(minutes=5)

Code: TypeAlias = (
    Callable[[StageContext[InputT, Any]], ResultT]
    | Callable[[], Executes[StageContext[InputT, Any], ResultT]]
)
BatchCode: TypeAlias = Callable[[], Batch[StageContext[InputT, Any], StateT, OutputT]]
Predicate: TypeAlias = Callable[[StageContext[Any, Any]], bool]


class Options(TypedDict, total=False):
    id: str
    name: str
    description: str
    dependencies: Sequence[Stage[Any, Any] | type[Any] | str]
    retry: Retry
    timeout: timedelta
    queue: str | None
    isolate: bool | None
    memory_limit: int | None


class Decorator(Protocol[AbsentT_co]):
    """Makes a stage; one that may be skipped gives *AbsentT_co* besides its output."""

    @overload
    def __call__(
        self, body: Code[InputT, Suspend[Any]] | Code[InputT, Later[Suspend[Any]]], /
    ) -> Stage[InputT, Any]: ...
    @overload
    def __call__(
        self, body: Code[InputT, Verdict[OutputT]] | Code[InputT, Later[Verdict[OutputT]]], /
    ) -> Stage[InputT, OutputT | AbsentT_co]: ...
    @overload
    def __call__(
        self, body: Code[InputT, Later[PlainT]], /
    ) -> Stage[InputT, PlainT | AbsentT_co]: ...
    @overload
    def __call__(self, body: Code[InputT, PlainT], /) -> Stage[InputT, PlainT | AbsentT_co]: ...
    @overload
    def __call__(
        self, body: Code[InputT, Later[Mixed[OutputT]]], /
    ) -> Stage[InputT, OutputT | AbsentT_co]: ...
    @overload
    def __call__(
        self, body: Code[InputT, Mixed[OutputT]], /
    ) -> Stage[InputT, OutputT | AbsentT_co]: ...


class BatchDecorator(Protocol[AbsentT_co]):
    def __call__(
        self, body: BatchCode[InputT, StateT, OutputT], /
    ) -> Stage[InputT, OutputT | AbsentT_co]: ...


@overload
def stage(
    body: Code[InputT, Suspend[Any]] | Code[InputT, Later[Suspend[Any]]], /
) -> Stage[InputT, Any]: ...
@overload
def stage(
    body: Code[InputT, Verdict[OutputT]] | Code[InputT, Later[Verdict[OutputT]]], /
) -> Stage[InputT, OutputT]: ...
@overload
def stage(body: Code[InputT, Later[PlainT]], /) -> Stage[InputT, PlainT]: ...
@overload
def stage(body: Code[InputT, PlainT], /) -> Stage[InputT, PlainT]: ...
@overload
def stage(body: Code[InputT, Later[Mixed[OutputT]]], /) -> Stage[InputT, OutputT]: ...
@overload
def stage(body: Code[InputT, Mixed[OutputT]], /) -> Stage[InputT, OutputT]: ...
@overload
def stage(*, when: None = None, **options: Unpack[Options]) -> Decorator[Never]: ...
@overload
def stage(*, when: Predicate, **options: Unpack[Options]) -> Decorator[None]: ...
def stage(
    body: Any = None, /, *, when: Predicate | None = None, **options: Unpack[Options]
) -> Any:
    """Make a stage of a function, or of a class with `execute`.

    Args:
        body: What is decorated; left out when there are options.
        when: Asked before the body runs; when it says no, the stage is skipped.
        options: `id`, `name` and `description` follow from the body where they are left out;
            *dependencies* are stages or ids; *timeout* is five minutes unless it is given;
            *isolate* gives the code a process of its own, as the host decides unless it is
            given; *memory_limit* is how many MiB it may take there.
    """
    return _decorated(body, polls=False, when=when, options=options)


@overload
def batch_stage(body: BatchCode[InputT, StateT, OutputT], /) -> Stage[InputT, OutputT]: ...
@overload
def batch_stage(*, when: None = None, **options: Unpack[Options]) -> BatchDecorator[Never]: ...
@overload
def batch_stage(*, when: Predicate, **options: Unpack[Options]) -> BatchDecorator[None]: ...
def batch_stage(
    body: Any = None, /, *, when: Predicate | None = None, **options: Unpack[Options]
) -> Any:
    """Make a stage of a class whose `execute` submits work and whose `check` fetches it.

    Args:
        body: What is decorated; left out when there are options.
        when: Asked before the body runs; when it says no, the stage is skipped.
        options: As for `stage`.
    """
    return _decorated(body, polls=True, when=when, options=options)


def _decorated(body: Any, *, polls: bool, when: Predicate | None, options: Options) -> Any:
    def decorate(decorated: Any) -> Stage[Any, Any]:
        return _made(decorated, polls=polls, when=when, options=options)

    return decorate if body is None else decorate(body)


def _made(body: Any, *, polls: bool, when: Predicate | None, options: Options) -> Stage[Any, Any]:
    if not (inspect.isfunction(body) or isinstance(body, type)):
        raise DefinitionError(f"A stage is a function or a class, and {body!r} is neither.")
    stage_id = options.get("id", identifier_of(body))
    return Stage(
        id=stage_id,
        name=options.get("name", in_words(stage_id)),
        description=options.get("description", first_line_about(body)),
        dependencies=tuple(map(_id_of, options.get("dependencies", ()))),
        retry=options.get("retry", Retry()),
        timeout=options.get("timeout", FIVE_MINUTES),
        queue=options.get("queue"),
        isolate=options.get("isolate"),
        memory_limit=options.get("memory_limit"),
        when=when,
        body=body,
        polls=polls,
    )


def _id_of(dependency: Any) -> str:
    return dependency if isinstance(dependency, str) else str(dependency.id)
