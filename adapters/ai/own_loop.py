"""An event loop in a thread of its own, for libraries that know no other way.

Their clients belong to the loop that they were first used in, so there is one for all calls.
"""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import cache
from typing import Any, Final, TypeVar

ResultT = TypeVar("ResultT")
_END: Final = object()


def wait_for(call: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return what *call* comes to; whoever is interrupted meanwhile leaves it undone."""
    future = asyncio.run_coroutine_threadsafe(call, _loop())
    try:
        return future.result()
    finally:
        future.cancel()


def one_by_one(things: Callable[[], AsyncIterator[ResultT]]) -> Iterator[ResultT]:
    """Yield *things* as they come; whoever stops early ends them."""
    arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()

    async def pump() -> None:
        try:
            async for thing in things():
                arrived.put(thing)
        finally:
            arrived.put(_END)

    future = asyncio.run_coroutine_threadsafe(pump(), _loop())
    try:
        while (thing := arrived.get()) is not _END:
            yield thing
        future.result()
    finally:
        future.cancel()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="models", daemon=True).start()
    return loop
