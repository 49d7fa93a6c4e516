"""Bodies run in a thread of their own, so that the deadline holds whatever they do."""

import inspect
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, wait
from contextlib import suppress
from contextvars import copy_context
from datetime import timedelta
from time import monotonic
from typing import Any

from kernel.ports.executor import AttemptKey, BodyStoppedError, BodyTimeoutError, Pulse


class LocalExecutor:
    """Runs bodies in this process.

    An asynchronous body is cancelled at its deadline, and when it is to stop. A synchronous one
    cannot be stopped: it is left behind if it does not end by itself, and the process is
    `tainted`.

    Args:
        grace: How long a body that is late may take to tidy up, or to end by itself after all.
    """

    def __init__(self, *, grace: timedelta = timedelta(seconds=1)) -> None:
        self._grace = grace
        self._tainted = False
        self._stopped: Future[None] = Future()

    @property
    def tainted(self) -> bool:
        """Whether a body was left behind that may still be running."""
        return self._tainted

    @property
    def is_stopping(self) -> bool:
        return self._stopped.done()

    def stop(self) -> None:
        """Stop every body that runs, and from now on each one that begins."""
        with suppress(InvalidStateError):
            self._stopped.set_result(None)

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        if within <= timedelta():
            raise BodyTimeoutError("There was no time left for the body.")
        call = _Call(body)
        # A daemon, since a body that was left behind must not keep the process from ending.
        threading.Thread(
            target=copy_context().run, args=(call.make,), name="stage-body", daemon=True
        ).start()
        failure = self._watched(call, within, pulse)
        if failure is None:
            return call.result()
        call.cancel()
        if not call.ended_within(self._grace):
            self._tainted = True
        raise failure

    def _watched(self, call: "_Call", within: timedelta, pulse: Pulse | None) -> Exception | None:
        """Wait for the end of *call*; return why it must not go on, where it must not."""
        end = monotonic() + within.total_seconds()
        while (left := end - monotonic()) > 0:
            beat_in = left if pulse is None else pulse.every.total_seconds()
            if call.ended_within(timedelta(seconds=min(left, beat_in)), or_once=self._stopped):
                return None
            if self.is_stopping:
                return BodyStoppedError("This process is to end.")
            if pulse is not None and left > beat_in and not pulse.beat():
                return BodyStoppedError("What the body comes to is no longer wanted.")
        return BodyTimeoutError(f"The body did not end within {within.total_seconds():g} seconds.")


class _Call:
    """One run of a body: made by its own thread, watched by the caller's."""

    def __init__(self, body: Callable[[], Any]) -> None:
        self._body = body
        self._outcome: Future[Any] = Future()
        self._lock = threading.Lock()
        self._cancelled = False
        self._cancel_task: Callable[[], object] | None = None

    def make(self) -> None:
        try:
            result = self._body()
            if inspect.isawaitable(result):
                result = self._awaited(result)
        except Exception as error:  # noqa: BLE001  # The caller gets it, whatever it is.
            self._outcome.set_exception(error)
        except BaseException as error:  # noqa: BLE001
            # Such as `sys.exit()`: the attempt has failed; the worker goes on.
            failure = RuntimeError(f"The body wanted to end everything: {error!r}.")
            failure.__cause__ = error
            self._outcome.set_exception(failure)
        else:
            self._outcome.set_result(result)

    def ended_within(self, span: timedelta, *, or_once: Future[None] | None = None) -> bool:
        """Wait for *span*, or until *or_once* is done; return whether the body has ended."""
        awaited = [self._outcome, or_once] if or_once else [self._outcome]
        timeout = max(0.0, span.total_seconds())
        return self._outcome in wait(awaited, timeout, return_when=FIRST_COMPLETED).done

    def result(self) -> Any:
        """Return what the body returned, or raise what it raised, with its traceback."""
        return self._outcome.result()

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
