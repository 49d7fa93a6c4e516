"""Running a user's code, wherever that is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Protocol


class BodyTimeoutError(Exception):
    """The body did not end in its time. It may still be running, and cannot be stopped."""


class Executor(Protocol):
    """Runs a stage's body or its check; the code may be asynchronous."""

    def run(self, body: Callable[[], Any], *, within: timedelta) -> Any:
        """Return what *body* returns; an awaitable is awaited.

        Raises:
            BodyTimeoutError: It did not end within the time.
            Exception: Whatever the body raised.
        """
        ...
