"""Running a user's code, wherever that is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol


class BodyTimeoutError(Exception):
    """The body did not end in its time. It may still be running, and cannot be stopped."""


@dataclass(frozen=True, kw_only=True)
class AttemptKey:
    """Which attempt a body belongs to; the checks of a suspended stage belong to it too."""

    run_id: str
    workflow_id: str
    stage_id: str
    generation: int
    attempt: int


class Executor(Protocol):
    """Runs a stage's body, its check or its condition; the code may be asynchronous."""

    @property
    def tainted(self) -> bool:
        """Whether a body was left behind that may still be running in this process."""
        ...

    def run(self, body: Callable[[], Any], *, of: AttemptKey, within: timedelta) -> Any:
        """Return what *body*, which belongs to *of*, returns; an awaitable is awaited.

        It runs in the context of the caller. One that exits has merely failed.

        Raises:
            BodyTimeoutError: It did not end within the time.
            Exception: Whatever the body raised.
        """
        ...
