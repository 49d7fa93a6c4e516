"""Where calls are made: each one is written down before it is sent, and when it has ended."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from kernel.ai.estimates import of_request, of_texts
from kernel.ai.keeping import Keeping
from kernel.ai.ledger import Draft, Ledger
from kernel.errors import (
    EngineError,
    ModelBusyError,
    ModelTimeoutError,
    RejectedError,
    UnavailableError,
)
from kernel.model.call import CallKind, CallState, ModelCall
from kernel.model.failure import Failure
from kernel.model.message import EmbedReply, EmbedRequest, ModelReply, ModelRequest, Usage
from kernel.model.money import dollars, nanos
from kernel.ports.clock import Clock
from kernel.ports.entropy import Entropy
from kernel.ports.language_model import LanguageModel
from kernel.ports.price_book import Price, PriceBook

R = TypeVar("R")

TWO_MINUTES: Final = timedelta(minutes=2)
_LONGEST_PAUSE: Final = timedelta(seconds=30)
_NO_TIME: Final = timedelta()


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long one call may take, and how often it is made again."""

    timeout: timedelta = TWO_MINUTES
    retries: int = 2


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A reply, and what it cost in US dollars, if anybody knows."""

    reply: ModelReply
    cost: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Embedded:
    """Vectors, and what they cost."""

    reply: EmbedReply
    cost: Decimal | None


@dataclass(kw_only=True)
class Line:
    """One call while it is made. Whoever makes it says what came of it."""

    call: ModelCall
    usage: Usage | None = None
    finish: str | None = None
    response: str | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Makes calls, again where that may help, and has each of them on the bill.

    Args:
        deadline: When whoever asks is given up; None where nobody is.
    """

    models: LanguageModel
    prices: PriceBook
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    deadline: datetime | None = None
    keeping: Keeping = field(default_factory=Keeping)

    def complete(
        self, topic: str, request: ModelRequest, *, kind: CallKind, effort: Effort
    ) -> Answered:
        def once(within: timedelta) -> Answered:
            with self.line(topic, request, kind=kind) as line:
                reply = self.models.complete(request, within=within)
                self.note(line, reply)
            return Answered(reply=reply, cost=line.cost)

        return self._patiently(once, effort)

    def embed(self, topic: str, request: EmbedRequest, *, effort: Effort) -> Embedded:
        draft = Draft(
            topic=topic,
            model=request.model,
            kind=CallKind.EMBED,
            reserve=self.reserve(request.model, of_texts(request)),
        )

        def once(within: timedelta) -> Embedded:
            with _written(self, draft) as line:
                reply = self.models.embed(request, within=within)
                line.usage = reply.usage
            return Embedded(reply=reply, cost=line.cost)

        return self._patiently(once, effort)

    def line(
        self, topic: str, request: ModelRequest, *, kind: CallKind
    ) -> AbstractContextManager[Line]:
        """Return the line of one call of *request*, to be made inside of it."""
        draft = Draft(
            topic=topic,
            model=request.model,
            kind=kind,
            reserve=self.reserve(request.model, of_request(request)),
            prompt=self.keeping.messages(request.messages),
        )
        return _written(self, draft)

    def note(self, line: Line, reply: ModelReply) -> None:
        """Put on the line what *reply* says."""
        line.usage, line.finish = reply.usage, reply.finish
        line.response = self.keeping.text(reply.text or reply.reasoning)

    def reserve(self, model: str, usage: Usage, *, batch: bool = False) -> int | None:
        """Return what *usage* would cost, in nanodollars; None where nobody knows."""
        price = self.prices.price(model, usage, at=self.clock.now(), batch=batch)
        return None if price is None else nanos(price.cost)

    def within(self, effort: Effort) -> timedelta:
        """Return how long a call may take.

        Raises:
            ModelTimeoutError: There is no time left for one.
        """
        if self.deadline is None:
            return effort.timeout
        left = min(effort.timeout, self.deadline - self.clock.now())
        if left <= _NO_TIME:
            raise ModelTimeoutError("The attempt has no time left to ask a model.")
        return left

    def _patiently(self, once: Callable[[timedelta], R], effort: Effort) -> R:
        for tries in range(effort.retries):
            try:
                return once(self.within(effort))
            except (ModelBusyError, ModelTimeoutError) as error:
                pause = self._pause(error, tries)
                if self.deadline is not None and self.clock.now() + pause >= self.deadline:
                    raise
            self.clock.sleep(pause)
        return once(self.within(effort))

    def _pause(self, error: UnavailableError, tries: int) -> timedelta:
        """Wait as long as the provider asks; else for a second, two, four..., with jitter."""
        asked = error.context.get("retry_after")
        if isinstance(asked, int | float):
            return timedelta(seconds=asked)
        most = min(timedelta(seconds=2**tries), _LONGEST_PAUSE)
        return most * (0.5 + self.entropy.jitter() / 2)


@contextmanager
def _written(desk: Desk, draft: Draft) -> Iterator[Line]:
    line = Line(call=desk.ledger.begin(draft))
    try:
        yield line
    except Exception as error:
        desk.ledger.settle(_failed(desk, line, error))
        raise
    desk.ledger.settle(_ended(desk, line))


def _ended(desk: Desk, line: Line) -> ModelCall:
    call, usage = line.call, line.usage or Usage()
    price = desk.prices.price(call.model, usage, at=call.begun_at)
    # What is told is what is on the bill, to the nanodollar.
    line.cost = None if price is None else dollars(nanos(price.cost))
    return replace(
        priced(used(call, usage), price),
        state=CallState.SETTLED,
        latency=desk.clock.now() - call.begun_at,
        finish=line.finish,
        response=line.response,
    )


def _failed(desk: Desk, line: Line, error: Exception) -> ModelCall:
    """Return the call as it failed. What is turned away is not billed; of all else, who knows."""
    code = error.code if isinstance(error, EngineError) else "MODEL_ERROR"
    retryable = not isinstance(error, RejectedError)
    turned_away = isinstance(error, RejectedError | ModelBusyError) and line.usage is None
    return replace(
        used(line.call, line.usage or Usage()),
        state=CallState.FAILED,
        latency=desk.clock.now() - line.call.begun_at,
        cost=0 if turned_away else None,
        error=Failure.of(code, str(error) or type(error).__name__, retryable=retryable),
    )


def used(call: ModelCall, usage: Usage) -> ModelCall:
    return replace(
        call,
        input_tokens=usage.input,
        output_tokens=usage.output,
        cached_tokens=usage.cached,
        cache_written_tokens=usage.cache_written,
        reasoning_tokens=usage.reasoning,
    )


def priced(call: ModelCall, price: Price | None) -> ModelCall:
    """Return *call* with its price, where anybody knows it."""
    if price is None:
        return call
    return replace(
        call,
        cost=nanos(price.cost),
        input_price=nanos(price.input_rate),
        output_price=nanos(price.output_rate),
        price_version=price.version,
    )
