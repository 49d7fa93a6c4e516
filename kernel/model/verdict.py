"""What an attempt, or a poll, came to, ready to be committed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.payload import Payload
from kernel.model.stage import Result


@dataclass(frozen=True, kw_only=True)
class Succeeded:
    """It completed. *output* is the value behind `result.output`, still at hand."""

    result: Result
    output: Json


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """Its condition said that it is not wanted."""


@dataclass(frozen=True, kw_only=True)
class Suspending:
    """It waits for something outside. *callback_digest*: of the secret in the link it gave out.

    *paused*: for the budget of its run, which has refused a call that may come to *wanted*.
    """

    state: Payload | None
    poll_every: timedelta
    max_wait: timedelta
    callback: bool = False
    callback_digest: str | None = None
    wanted: int | None = None
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Erred:
    """It failed. *stumbled*: the infrastructure's fault, which costs no attempt of the stage's.

    *delay* is the wait that the stage asked for; None leaves it to its retry policy.
    """

    failure: Failure
    delay: timedelta | None = None
    stumbled: bool = False


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A poll found nothing yet. *check_in* is the wait it asked for.

    *wanted*: the budget has refused it a call that may come to that; it may wait *for_budget*
    for a larger one.
    """

    check_in: timedelta | None = None
    wanted: int | None = None
    for_budget: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True)
class Unpaused:
    """The budget allows by now what it refused the body, which may begin anew."""


@dataclass(frozen=True, kw_only=True)
class GivenBack:
    """A poll was stopped with its worker, and says nothing: another worker may ask at once."""


Verdict: TypeAlias = Succeeded | Skipped | Suspending | Erred
PollVerdict: TypeAlias = Succeeded | Waiting | Erred | GivenBack | Unpaused
