"""Bodies run in a thread of their own, so that the deadline holds whatever they do."""

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from datetime import timedelta
from typing import Any

from adapters.system.body_call import BodyCall, watched
from kernel.ports.executor import AttemptKey, BodyTimeoutError, Pulse


class LocalExecutor:
    """Runs bodies in this process.

    An asynchronous body is cancelled at its deadline, and when it is to stop. A synchronous one
    cannot be stopped: it is left behind if it does not end by itself, and the process is
    `tainted`.

    Args:
        grace: How long a body that is late may take to tidy up, or to end by itself after all.

    Whoever runs bodies beside it stops them when `stopped` is done.
    """

    def __init__(self, *, grace: timedelta = timedelta(seconds=1)) -> None:
        self._grace = grace
        self._tainted = False
        self.stopped: Future[None] = Future()

    @property
    def tainted(self) -> bool:
        """Whether a body was left behind that may still be running."""
        return self._tainted

    @property
    def is_stopping(self) -> bool:
        return self.stopped.done()

    def stop(self) -> None:
        """Stop every body that runs, and from now on each one that begins."""
        with suppress(InvalidStateError):
            self.stopped.set_result(None)

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
        call = BodyCall(body)
        # A daemon, since a body that was left behind must not keep the process from ending.
        threading.Thread(
            target=copy_context().run, args=(call.make,), name="stage-body", daemon=True
        ).start()
        failure = watched(call.outcome, within=within, pulse=pulse, stopped=self.stopped)
        if failure is None:
            return call.result()
        call.cancel()
        if not call.ended_within(self._grace):
            self._tainted = True
        raise failure

    def aside(self, call: Callable[[], Any], *, of: AttemptKey) -> Awaitable[Any]:
        # As where a body is awaited: few need it.
        import asyncio  # noqa: PLC0415

        return asyncio.to_thread(call)
