"""ModelCall and Tally: one call of a language model, and what many of them came to."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

from kernel.model.failure import Failure


class CallKind(StrEnum):
    """What was asked for. *recorded*: it was made elsewhere, and told afterwards."""

    TEXT = "text"
    OBJECT = "object"
    STREAM = "stream"
    EMBED = "embed"
    BATCH = "batch"
    RECORDED = "recorded"


class CallState(StrEnum):
    """How far a call is. One that stays BEGUN was lost with its worker; it may be billed."""

    BEGUN = "begun"
    SETTLED = "settled"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class ModelCall:
    """One line of a run's bill.

    Args:
        id: Unique in its run. Of a batch it is the batch's own name, so that a repeat is one line.
        topic: Dotted path that costs are added up by; see `kernel.ai.topics`.
        requests: How many requests it stands for: more than one for a batch.
        reserved: What it may come to, in nanodollars: held back from the budget until it is
            settled. 0 where nobody knows.
        cost: In nanodollars; None where nobody knows, which is never 0.
        input_price: What a million tokens cost that go in, in nanodollars; None as for *cost*.
        price_version: Of the table that the prices are from.
        prompt: What was said, as far as that is kept; the same for *response*.
    """

    id: str
    run_id: str
    workflow_id: str
    stage_id: str
    generation: int
    attempt: int
    topic: str
    model: str
    kind: CallKind
    state: CallState = CallState.BEGUN
    begun_at: datetime
    latency: timedelta | None = None
    requests: int = 1
    reserved: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_written_tokens: int = 0
    reasoning_tokens: int = 0
    cost: int | None = None
    input_price: int | None = None
    output_price: int | None = None
    price_version: str | None = None
    finish: str | None = None
    error: Failure | None = None
    prompt: str | None = None
    response: str | None = None

    @property
    def is_priced(self) -> bool:
        return self.cost is not None

    @property
    def has_ended(self) -> bool:
        return self.state is not CallState.BEGUN

    @property
    def month(self) -> str:
        """The one that it counts in: that of its beginning, in UTC."""
        return self.begun_at.astimezone(UTC).strftime("%Y-%m")

    def is_under(self, topic: str) -> bool:
        """Whether it counts under *topic*: that is its own, or begins it; "" is everybody's."""
        return not topic or f"{self.topic}.".startswith(f"{topic}.")

    @property
    def tally(self) -> "Tally":
        """What it comes to, as it stands.

        What was reserved for a call that has ended without a known price stays held back: it may
        have been billed.
        """
        if not self.has_ended:
            return Tally(in_flight=1, held=self.reserved)
        return Tally(
            calls=1,
            requests=self.requests,
            failed=int(self.state is CallState.FAILED),
            unpriced=int(self.cost is None),
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            cached_tokens=self.cached_tokens,
            cost=self.cost or 0,
            held=self.reserved if self.cost is None else 0,
        )


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What calls came to, added up. Of differences a part may be negative.

    Args:
        calls: Those that ended, well or badly.
        unpriced: Of *calls*: those that nobody knows the price of. They are not in *cost*.
        cost: In nanodollars.
        in_flight: Calls that were begun and have not ended.
        held: What is reserved for those, and for *unpriced* ones.
    """

    calls: int = 0
    requests: int = 0
    failed: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost: int = 0
    in_flight: int = 0
    held: int = 0

    def __add__(self, other: Self) -> Self:
        mine, others = vars(self), vars(other)
        return type(self)(**{one.name: mine[one.name] + others[one.name] for one in fields(self)})

    def __sub__(self, other: Self) -> Self:
        mine, others = vars(self), vars(other)
        return type(self)(**{one.name: mine[one.name] - others[one.name] for one in fields(self)})

    @property
    def committed(self) -> int:
        """What of it a budget takes as gone, in nanodollars."""
        return self.cost + self.held


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What a run has spent: all attempts of all generations.

    Args:
        limit: The budget, in nanodollars; None where there is none.
        committed: Spent or held back, in nanodollars, kept as one number so that a commit can
            require something of it.
        stages: What the calls came to, by stage.
    """

    run_id: str
    limit: int | None = None
    committed: int = 0
    stages: Mapping[str, Tally] = field(default_factory=dict)

    @property
    def total(self) -> Tally:
        return sum(self.stages.values(), start=Tally())

    def allows(self, reserve: int) -> bool:
        """Whether what may cost *reserve* more stays within the limit."""
        return self.limit is None or self.committed + reserve <= self.limit


@dataclass(frozen=True, kw_only=True)
class Spending:
    """What one run spent under one topic in one month (`2026-11`, UTC).

    It outlives the run: DynamoDB may delete it at *expires_at*.
    """

    topic: str
    month: str
    run_id: str
    workflow_id: str
    tally: Tally
    expires_at: datetime
