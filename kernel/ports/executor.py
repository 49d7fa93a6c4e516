"""Running a user's code, wherever that is."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable


class BodyTimeoutError(Exception):
    """The body did not end in its time. It may still be running, and cannot be stopped."""


class BodyStoppedError(Exception):
    """The body was stopped: what it comes to is no longer wanted, or its process is to end."""


@dataclass(frozen=True, kw_only=True)
class AttemptKey:
    """Which attempt a body belongs to; the checks of a suspended stage belong to it too."""

    run_id: str
    workflow_id: str
    stage_id: str
    generation: int
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Pulse:
    """What is done again and again while a body runs.

    Args:
        every: How often.
        beat: Says whether the body is still wanted. It never raises.
    """

    every: timedelta
    beat: Callable[[], bool]


class Executor(Protocol):
    """Runs a stage's body, its check or its condition; the code may be asynchronous."""

    @property
    def tainted(self) -> bool:
        """Whether a body was left behind that may still be running in this process."""
        ...

    @property
    def is_stopping(self) -> bool:
        """Whether bodies are being stopped, because this process is to end."""
        ...

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        """Return what *body*, which belongs to *of*, returns; an awaitable is awaited.

        It runs in the context of the caller. One that exits has merely failed.

        Args:
            pulse: Beats from another thread than the body's. A body that is not wanted any more
                is stopped as one that is late is.

        Raises:
            BodyTimeoutError: It did not end within the time.
            BodyStoppedError: It was stopped before.
            Exception: Whatever the body raised.
        """
        ...

    def aside(self, call: Callable[[], Any], *, of: AttemptKey) -> Awaitable[Any]:
        """Return what gives, once awaited, what *call* returns or raises.

        For a body that is asynchronous: its loop goes on meanwhile, where the executor has
        threads. It runs in the context of whoever awaits it.
        """
        ...


@runtime_checkable
class Stoppable(Protocol):
    """What an executor is, too, that can stop what it runs. Others are waited for."""

    def stop(self) -> None:
        """Stop every body that runs, and from now on each one that begins."""
        ...
