"""Many requests handed to a provider at once, for half the price, to be answered within hours."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from kernel.model.failure import Failure
from kernel.model.message import ModelReply, ModelRequest


@dataclass(frozen=True, kw_only=True)
class BatchLine:
    """One request of a batch. *id*: at most 64 letters, digits, `-` and `_`, unique in it."""

    id: str
    request: ModelRequest


@dataclass(frozen=True, kw_only=True)
class BatchAnswer:
    """What came of one line: a reply or an error, and not both."""

    id: str
    reply: ModelReply | None = None
    error: Failure | None = None


class BatchState(StrEnum):
    """How a batch stands at its provider. EXPIRED and CANCELLED ones may have some answers."""

    RUNNING = "running"
    ENDED = "ended"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class BatchTicket:
    """How a batch is found again, by any process. JSON in all its fields.

    Args:
        name: Our own name of it.
        handle: The provider's name of it, and whatever else its adapter needs.
    """

    name: str
    model: str
    handle: dict[str, str]
    submitted_at: datetime


@dataclass(frozen=True, kw_only=True)
class BatchStanding:
    """How it stands; *reason*: the provider's words, where it FAILED."""

    state: BatchState
    done: int | None = None
    total: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BatchLimits:
    """What one batch of a provider may hold at most, and at least."""

    most_lines: int
    most_bytes: int
    least_lines: int = 1


class BatchModel(Protocol):
    """A provider's batches, by the model's name. Errors are those of `LanguageModel`.

    Neither lines nor answers are ever in memory whole: both come and go one by one.
    """

    def limits(self, model: str) -> BatchLimits:
        """Return what a batch of that model may hold."""
        ...

    def submit(self, name: str, model: str, lines: Iterable[BatchLine]) -> BatchTicket:
        """Hand in a batch under *name*, at most 63 letters, digits and `-`.

        Where there is a batch of that name already it is adopted: nothing is submitted, and the
        ticket is for that one, whatever it holds. An adapter whose provider makes that
        impossible says so in its docstring.
        """
        ...

    def find(self, name: str, model: str) -> BatchTicket | None:
        """Return the ticket of the batch of that name, or None where there is none."""
        ...

    def standing(self, ticket: BatchTicket) -> BatchStanding:
        """Return how it stands now.

        Raises:
            NotFoundError: The provider knows no such batch, or no more.
        """
        ...

    def answers(self, ticket: BatchTicket) -> Iterator[BatchAnswer]:
        """Yield what there is, in any order; a line may be missing, and one may come twice."""
        ...

    def cancel(self, ticket: BatchTicket) -> None:
        """Ask the provider to stop; nothing happens where it has ended."""
        ...
