"""What a stage can ask of language models, as its author knows it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol, Required, TypeAlias, TypedDict, TypeVar, Unpack, overload

from kernel.authoring.answers import CallStats, ObjectResult, TextResult
from kernel.authoring.batches import StageBatch
from kernel.model.json import Json
from kernel.model.message import Media, Message, Usage

ValueT = TypeVar("ValueT")

Prompt: TypeAlias = str | Sequence[Message]
Tool: TypeAlias = Callable[..., Any]
Vector: TypeAlias = tuple[float, ...]
Texts: TypeAlias = list[str] | tuple[str, ...]


class Effort(TypedDict, total=False):
    """How long to try.

    Args:
        timeout: How long one call may take; two minutes unless it is given, and never longer
            than the attempt has left.
        retries: How often a model that is busy or late is asked again; twice unless it is given.
    """

    timeout: timedelta
    retries: int


class Wishes(Effort, total=False):
    """How a model is to answer.

    Args:
        model: `<provider>:<name>`, such as `bedrock:amazon.nova-lite-v1:0`.
        media: Images, documents, sounds, which go with a prompt that is a text.
        max_tokens: The most that it may answer.
        options: Settings of the provider's own, handed on as they are.
        partial: An answer that was cut off is returned as it is, and no error.
    """

    model: Required[str]
    system: str | None
    media: Sequence[Media]
    max_tokens: int | None
    temperature: float | None
    stop: Sequence[str]
    options: Mapping[str, Json]
    partial: bool


class EmbedWishes(Effort, total=False):
    """How texts are to be made vectors of; *dimensions*: how long, where there is a choice."""

    model: Required[str]
    dimensions: int | None
    options: Mapping[str, Json]


class TextStream(Protocol):
    """An answer that is still coming: iterate over it once, or close it."""

    def __iter__(self) -> Iterator[str]:
        """Yield its text, piece by piece; the model is asked when the first one is."""
        ...

    def close(self) -> None:
        """Want no more of it. What has come is billed, as far as anybody knows."""
        ...

    @property
    def text(self) -> str:
        """What has come so far."""
        ...

    @property
    def reasoning(self) -> str:
        """What the model has thought aloud so far."""
        ...

    @property
    def usage(self) -> Usage:
        """Known when the stream has ended, like *cost* and *result*.

        Raises:
            IllegalTransitionError: It has not.
        """
        ...

    @property
    def cost(self) -> Decimal | None: ...

    @property
    def result(self) -> TextResult: ...


class AsyncTextStream(Protocol):
    """The same for `async for`."""

    def __aiter__(self) -> AsyncIterator[str]: ...

    async def close(self) -> None: ...

    @property
    def text(self) -> str: ...

    @property
    def reasoning(self) -> str: ...

    @property
    def usage(self) -> Usage: ...

    @property
    def cost(self) -> Decimal | None: ...

    @property
    def result(self) -> TextResult: ...


class AsyncAI(Protocol):
    """What `AI` does, to be awaited. The loop goes on meanwhile; tools are called beside it."""

    async def generate_text(
        self,
        prompt: Prompt,
        /,
        *,
        tools: Sequence[Tool] = (),
        rounds: int = ...,
        **wishes: Unpack[Wishes],
    ) -> TextResult: ...

    @overload
    async def generate_object(
        self,
        prompt: Prompt,
        /,
        *,
        schema: type[ValueT],
        repairs: int = ...,
        **wishes: Unpack[Wishes],
    ) -> ObjectResult[ValueT]: ...
    @overload
    async def generate_object(
        self, prompt: Prompt, /, *, schema: Any, repairs: int = ..., **wishes: Unpack[Wishes]
    ) -> ObjectResult[Any]: ...

    def stream_text(self, prompt: Prompt, /, **wishes: Unpack[Wishes]) -> AsyncTextStream: ...

    @overload
    async def embed(self, texts: str, /, **wishes: Unpack[EmbedWishes]) -> Vector: ...
    @overload
    async def embed(self, texts: Texts, /, **wishes: Unpack[EmbedWishes]) -> list[Vector]: ...


class AI(Protocol):
    """Language models. Every call is on the run's bill, whatever becomes of the attempt.

    Every method raises, besides what it says itself:

    - `BudgetExceededError`: the run has spent what it may; nothing was sent.
    - `UnknownModelError`, `ModelDeniedError`, `ModelRejectedError`: it will not do so; the stage
      fails at once.
    - `ModelRefusedError`: the model, or a filter of its provider's, declined; so does the stage.
    - `AnswerCutOffError`: the answer reached its most tokens, and *partial* was not asked for.
    - `ModelBusyError`, `ModelTimeoutError`: not now, however often it was tried; the stage is
      tried again.
    """

    @property
    def topic(self) -> str:
        """Where its calls are on the bill."""
        ...

    @property
    def aio(self) -> AsyncAI:
        """The same for stages that are `async def`."""
        ...

    def generate_text(
        self,
        prompt: Prompt,
        /,
        *,
        tools: Sequence[Tool] = (),
        rounds: int = ...,
        **wishes: Unpack[Wishes],
    ) -> TextResult:
        """Return the answer to *prompt*, a text or a conversation.

        Args:
            tools: Functions that the model may have called: their names, docstrings and
                annotations tell it how. What one raises is told to the model, but for the
                engine's own errors, `Fatal` and `RetryAfter`.
            rounds: How often the model may be asked until it has no more tools to call.

        Raises:
            AnswerMisfitError: It still calls tools after that many rounds.
        """
        ...

    @overload
    def generate_object(
        self,
        prompt: Prompt,
        /,
        *,
        schema: type[ValueT],
        repairs: int = ...,
        **wishes: Unpack[Wishes],
    ) -> ObjectResult[ValueT]: ...
    @overload
    def generate_object(
        self, prompt: Prompt, /, *, schema: Any, repairs: int = ..., **wishes: Unpack[Wishes]
    ) -> ObjectResult[Any]: ...
    def generate_object(
        self, prompt: Prompt, /, *, schema: Any, repairs: int = 2, **wishes: Unpack[Wishes]
    ) -> ObjectResult[Any]:
        """Return the answer as *schema*, anything that Pydantic can validate.

        One that does not fit is sent back with what is wrong with it, *repairs* times at most;
        each time is a call on the bill.

        Raises:
            AnswerMisfitError: None of them fits. Another attempt may do better.
        """
        ...

    def stream_text(self, prompt: Prompt, /, **wishes: Unpack[Wishes]) -> TextStream:
        """Return the answer as it comes."""
        ...

    @overload
    def embed(self, texts: str, /, **wishes: Unpack[EmbedWishes]) -> Vector: ...
    @overload
    def embed(self, texts: Texts, /, **wishes: Unpack[EmbedWishes]) -> list[Vector]: ...
    def embed(self, texts: Any, /, **wishes: Unpack[EmbedWishes]) -> Any:
        """Return the vector of a text, or one for each of many, in one round trip."""
        ...

    def record_call(
        self,
        model: str,
        usage: Usage,
        *,
        cost: Decimal | None = None,
        latency: timedelta | None = None,
    ) -> None:
        """Put a call on the bill that was made elsewhere.

        Args:
            cost: What it cost; left out, what the price book says.
        """
        ...

    def stats(self, prefix: str | None = None) -> CallStats:
        """Return what this run's calls under *prefix* came to; its own topic's if left out."""
        ...

    def batch(self, model: str) -> StageBatch:
        """Return the batch of *model* in this stage, under this topic; for a `batch_stage`."""
        ...

    def child(self, segment: str) -> "AI":
        """Return the same with a topic of its own, below this one.

        Raises:
            InvalidInputError: *segment* is not 1 to 64 letters, digits, `-` and `_`.
        """
        ...
