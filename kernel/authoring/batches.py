"""Words for provider batches: what is asked, how far it is, and what came of each item."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, TypeVar, overload

from kernel.authoring.verdict import Failed, NotReady, Suspend
from kernel.errors import EngineError, NotFoundError
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.message import Media, Message

ValueT = TypeVar("ValueT")
ValueT_co = TypeVar("ValueT_co", covariant=True)

AtDeadline: TypeAlias = Literal["fail", "direct"]
A_BATCH_WAITS: Final = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class BatchItem:
    """One request of a batch.

    Args:
        id: Yours. It names the request: unique in the batch, and the same in every attempt.
        prompt: Text; or messages, where more has been said.
        media: Images and documents, which go with the text.
        schema: The type that the answer must fit; None for free text.
        max_tokens: The most that the model may answer; None leaves it to the provider.
        options: Settings of the provider's own, handed on as they are.
    """

    id: str
    prompt: str | Sequence[Message]
    media: Sequence[Media] = ()
    schema: Any = None
    system: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stop: Sequence[str] = ()
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """The state of a stage that waits for its batch; `check` hands it back.

    Args:
        key: Where in the stage's folder its records are.
        requests: How many items there are.
        until: When the provider's time is up, and what *at_deadline* says is done.
        rounds: How often what failed may be handed in, the first time included.
    """

    model: str
    key: str
    requests: int
    begun_at: datetime
    until: datetime
    rounds: int
    at_deadline: AtDeadline


@dataclass(frozen=True, kw_only=True)
class ItemSucceeded(Generic[ValueT_co]):
    """*value*: the answer, read as its schema; *cost* in US dollars, None where nobody knows."""

    id: str
    value: ValueT_co
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ItemFailed:
    """No answer of any round was of use; *error* is that of the last."""

    id: str
    error: Failure


ItemResult: TypeAlias = ItemSucceeded[ValueT] | ItemFailed


class BatchResults(Generic[ValueT]):
    """What came of every item, once each, in no order that means something.

    It is read again from the store whenever it is gone through, a few megabytes at a time.
    """

    def __init__(self, read: Callable[[], Iterator[ItemResult[ValueT]]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[ItemResult[ValueT]]:
        return self._read()

    def succeeded(self) -> Iterator[ItemSucceeded[ValueT]]:
        return (result for result in self if isinstance(result, ItemSucceeded))

    def failed(self) -> Iterator[ItemFailed]:
        return (result for result in self if isinstance(result, ItemFailed))

    def by_id(self) -> dict[str, ItemResult[ValueT]]:
        """Return all of them, in memory, by the ids of their items."""
        return {result.id: result for result in self}

    def values(self) -> dict[str, ValueT]:
        """Return all values, in memory, by the ids of their items.

        Raises:
            BatchItemFailedError: An item has none.
        """
        found = {}
        for result in self:
            if isinstance(result, ItemFailed):
                raise BatchItemFailedError(
                    f"Item {result.id!r} of the batch failed: {result.error.message}",
                    item=result.id,
                    code=result.error.code,
                )
            found[result.id] = result.value
        return found

    def __getitem__(self, id: str) -> ItemResult[ValueT]:
        """Look for one item, from the first on; for many of them ask `by_id` once."""
        for result in self:
            if result.id == id:
                return result
        raise NotFoundError(f"The batch has no item {id!r}.", item=id)


class BatchItemFailedError(EngineError):
    """An item of a batch has no value, and all were asked for."""

    code = "BATCH_ITEM_FAILED"


class StageBatch(Protocol):
    """Many requests of one stage, handed in at once for half the price."""

    def submit(
        self,
        items: Iterable[BatchItem],
        *,
        max_wait: timedelta = A_BATCH_WAITS,
        at_deadline: AtDeadline = "fail",
        rounds: int = 3,
    ) -> Suspend[BatchProgress]:
        """Hand *items* in and return what `execute` is to return.

        An attempt that is repeated hands nothing in again: it takes up what is there.

        Args:
            items: Any number; they are never in memory all at once.
            at_deadline: When *max_wait* is over: fail, or ask the model directly for the rest.
            rounds: How often what failed may be handed in, the first time included.

        Raises:
            InvalidInputError: An id is missing, or comes twice.
            BudgetExceededError: The run's budget does not allow it; nothing was handed in.
        """
        ...

    @overload
    def check(self, state: BatchProgress) -> NotReady | Failed | BatchResults[str]: ...
    @overload
    def check(
        self, state: BatchProgress, *, schema: type[ValueT]
    ) -> NotReady | Failed | BatchResults[ValueT]: ...
    def check(
        self, state: BatchProgress, *, schema: Any = None
    ) -> NotReady | Failed | BatchResults[Any]:
        """Return the results, or what `check` is to return where there are none yet."""
        ...
