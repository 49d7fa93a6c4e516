"""What a stage says when it is done, or not done yet."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypeAlias, TypeVar, overload

from kernel.errors import DefinitionError

OutputT_co = TypeVar("OutputT_co", covariant=True)
StateT_co = TypeVar("StateT_co", covariant=True)

Artifact: TypeAlias = bytes | str | list[Any] | dict[str, Any]

A_MINUTE: Final = timedelta(minutes=1)
A_DAY: Final = timedelta(days=1)
NO_TIME: Final = timedelta(0)
# Whatever is longer is a mistake, or would end beyond the calendar.
TEN_YEARS: Final = timedelta(days=3_653)
MOST_ATTEMPTS: Final = 100


@dataclass(frozen=True)
class Completed(Generic[OutputT_co]):
    """The output, with numbers to chart and artifacts to keep beside it."""

    output: OutputT_co
    _: KW_ONLY
    metrics: Mapping[str, float] | None = None
    artifacts: Mapping[str, Artifact] | None = None


@dataclass(frozen=True)
class Ready(Generic[OutputT_co]):
    """What a suspended stage waited for is there."""

    output: OutputT_co
    _: KW_ONLY
    metrics: Mapping[str, float] | None = None
    artifacts: Mapping[str, Artifact] | None = None


@dataclass(frozen=True)
class NotReady:
    """Ask again in *check_in*, or when the stage's own rhythm says so."""

    check_in: timedelta | None = None

    def __post_init__(self) -> None:
        if self.check_in is not None:
            _require_sensible(check_in=self.check_in)


@dataclass(frozen=True)
class Failed:
    """What a suspended stage waited for will never come.

    Args:
        retryable: Another attempt may mend it: its body begins anew, with what this one left in
            `ctx.resume_state`.
    """

    error: str
    code: str = "STAGE_FAILED"
    _: KW_ONLY
    retryable: bool = False


@dataclass(frozen=True, init=False)
class Suspend(Generic[StateT_co]):
    """Nothing runs until a poll or a callback says that the stage may go on.

    Args:
        state: What `check` needs to know; stored as JSON.
        poll_every: How long to wait between two polls.
        max_wait: When to give up; ten years is the most.
        callback: Wait for the callback link instead of polling.
    """

    state: StateT_co
    poll_every: timedelta
    max_wait: timedelta
    callback: bool

    @overload
    def __init__(
        self: "Suspend[None]",
        *,
        poll_every: timedelta = ...,
        max_wait: timedelta = ...,
        callback: bool = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        state: StateT_co,
        *,
        poll_every: timedelta = ...,
        max_wait: timedelta = ...,
        callback: bool = ...,
    ) -> None: ...

    def __init__(
        self,
        state: Any = None,
        *,
        poll_every: timedelta = A_MINUTE,
        max_wait: timedelta = A_DAY,
        callback: bool = False,
    ) -> None:
        _require_sensible(poll_every=poll_every, max_wait=max_wait)
        vars(self).update(state=state, poll_every=poll_every, max_wait=max_wait, callback=callback)


class Fatal(Exception):
    """Raised by a stage that would fail in the same way however often it is tried."""


class RetryAfter(Exception):
    """Raised by a stage that knows when trying again makes sense."""

    def __init__(self, delay: timedelta, message: str = "") -> None:
        _require_sensible(delay=delay)
        super().__init__(message or f"The stage asked to be tried again in {delay}.")
        self.delay = delay
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often a stage may be tried, and how long to wait in between.

    Raises:
        DefinitionError: A number makes no sense; every reason is listed.
    """

    max_attempts: int = 3
    first_delay: timedelta = timedelta(seconds=1)
    factor: float = 2.0
    max_delay: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        demands = {
            f"max_attempts is 1 to {MOST_ATTEMPTS}": 1 <= self.max_attempts <= MOST_ATTEMPTS,
            "first_delay is not negative": self.first_delay >= NO_TIME,
            "factor is 1 or more": 1 <= self.factor < float("inf"),
            "max_delay is not below first_delay": self.max_delay >= self.first_delay,
            "max_delay is ten years at most": self.max_delay <= TEN_YEARS,
        }
        problems = [demand for demand, met in demands.items() if not met]
        if problems:
            raise DefinitionError(
                f"A Retry is wrong; this must hold: {'; '.join(problems)}.", problems=problems
            )


def _require_sensible(**spans: timedelta) -> None:
    for name, span in spans.items():
        if span <= NO_TIME:
            raise ValueError(f"{name} is more than no time, but it is {span}.")
        if span > TEN_YEARS:
            raise ValueError(f"{name} is ten years at most, but it is {span}.")
