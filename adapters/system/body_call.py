"""One run of a body, which its own thread makes and another one watches."""

import inspect
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import Any

from kernel.ports.executor import BodyStoppedError, BodyTimeoutError, Pulse


def watched(
    outcome: Future[Any], *, within: timedelta, pulse: Pulse | None, stopped: Future[None]
) -> Exception | None:
    """Wait for the *outcome* of a body; return why it must not go on, where it must not."""
    end = monotonic() + within.total_seconds()
    while (left := end - monotonic()) > 0:
        beat_in = left if pulse is None else pulse.every.total_seconds()
        if outcome in wait([outcome, stopped], min(left, beat_in), FIRST_COMPLETED).done:
            return None
        if stopped.done():
            return BodyStoppedError("This process is to end.")
        if pulse is not None and left > beat_in and not pulse.beat():
            return BodyStoppedError("What the body comes to is no longer wanted.")
    return BodyTimeoutError(f"The body did not end within {within.total_seconds():g} seconds.")


class BodyCall:
    """Made by one thread, watched and cancelled by another.

    Attributes:
        outcome: What the body returned or raised, once it has.
    """

    def __init__(self, body: Callable[[], Any]) -> None:
        self._body = body
        self.outcome: Future[Any] = Future()
        self._lock = threading.Lock()
        self._cancelled = False
        self._cancel_task: Callable[[], object] | None = None

    def make(self) -> None:
        try:
            result = self._body()
            if inspect.isawaitable(result):
                result = self._awaited(result)
        except Exception as error:  # noqa: BLE001  # The caller gets it, whatever it is.
            self.outcome.set_exception(error)
        except BaseException as error:  # noqa: BLE001
            # Such as `sys.exit()`: the attempt has failed; the worker goes on.
            failure = RuntimeError(f"The body wanted to end everything: {error!r}.")
            failure.__cause__ = error
            self.outcome.set_exception(failure)
        else:
            self.outcome.set_result(result)

    def ended_within(self, span: timedelta) -> bool:
        """Wait for *span*; return whether the body has ended."""
        return bool(wait([self.outcome], span.total_seconds()).done)

    def result(self) -> Any:
        """Return what the body returned, or raise what it raised, with its traceback."""
        return self.outcome.result()

    def cancel(self) -> None:
        """Cancel the body, if it is asynchronous or about to be."""
        # The body may end, and its loop with it, at this very moment.
        with self._lock, suppress(RuntimeError):
            self._cancelled = True
            if self._cancel_task:
                self._cancel_task()

    def _awaited(self, awaitable: Awaitable[Any]) -> Any:
        # Few bodies need it, and every process would pay for it at its start.
        import asyncio  # noqa: PLC0415

        async def watched() -> Any:
            loop = asyncio.get_running_loop()
            task = asyncio.ensure_future(awaitable)
            with self._lock:
                self._cancel_task = lambda: loop.call_soon_threadsafe(task.cancel)
                if self._cancelled:
                    task.cancel()
            return await task

        return asyncio.run(watched())
