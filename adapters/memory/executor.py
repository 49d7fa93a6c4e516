"""Bodies run where they are called, so that a debugger and a traceback see one story."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from kernel.ports.executor import AttemptKey, Pulse


class InlineExecutor:
    """Runs a body in the caller's thread. Nothing watches the time, nothing beats, and nothing
    is left behind.
    """

    tainted = False
    is_stopping = False

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        try:
            result = body()
            return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result
        except (SystemExit, asyncio.CancelledError) as error:
            # The attempt has failed; whoever runs it goes on.
            raise RuntimeError(f"The body wanted to end everything: {error!r}.") from error

    def aside(self, call: Callable[[], Any], *, of: AttemptKey) -> Awaitable[Any]:
        return _called(call)


async def _called(call: Callable[[], Any]) -> Any:
    return call()


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
