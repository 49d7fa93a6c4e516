"""What type checkers know about a stage: what fits it, and the shapes that its code can have."""

from collections.abc import Collection, Coroutine, Mapping
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel

from kernel.authoring.verdict import Completed, Failed, NotReady, Ready, Suspend

InputT_contra = TypeVar("InputT_contra", contravariant=True)
OutputT = TypeVar("OutputT")
OutputT_co = TypeVar("OutputT_co", covariant=True)
StateT = TypeVar("StateT")
ContextT_contra = TypeVar("ContextT_contra", contravariant=True)


class Accepts(Generic[InputT_contra, OutputT_co]):
    """A stage that may come after whatever gives its input, or something narrower.

    `Stage` itself is exact about its input, so that "takes no input" (`Stage[None, ...]`, which
    fits anywhere) and "may get none" (`Stage[Words | None, ...]`) stay two things.
    """

    id: str


# What outputs are made of as a rule, and no verdict is. Without this bound mypy would take
# `-> Approved | Rejected` for `object`: it joins what it finds beside `Completed` and `Suspend`.
PlainT = TypeVar("PlainT", bound=BaseModel | Mapping[Any, Any] | Collection[Any] | float | None)

Later: TypeAlias = Coroutine[Any, Any, OutputT]
Verdict: TypeAlias = Completed[OutputT] | Suspend[Any]
Mixed: TypeAlias = OutputT | Completed[OutputT] | Suspend[Any]
Submission: TypeAlias = Completed[OutputT] | Suspend[StateT]
Answer: TypeAlias = Ready[OutputT] | NotReady | Failed


# Mypy sees a decorated class as the class that it was, so whatever takes a stage takes these too.
class Executes(Protocol[ContextT_contra, OutputT_co]):
    def execute(self, ctx: ContextT_contra, /) -> OutputT_co: ...


class Batch(Protocol[ContextT_contra, StateT, OutputT_co]):
    def execute(
        self, ctx: ContextT_contra, /
    ) -> Submission[OutputT_co, StateT] | Later[Submission[OutputT_co, StateT]]: ...

    def check(
        self, ctx: ContextT_contra, state: StateT, /
    ) -> Answer[OutputT_co] | Later[Answer[OutputT_co]]: ...
