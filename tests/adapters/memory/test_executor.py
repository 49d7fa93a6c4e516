"""Bodies run where they are called."""

import asyncio
import sys
import threading
from datetime import timedelta

import pytest

from adapters.memory import InlineExecutor
from kernel.ports.executor import Executor

ENOUGH = timedelta(seconds=5)


@pytest.fixture
def executor() -> Executor:
    return InlineExecutor()


def test_a_body_runs_in_the_callers_thread(executor: Executor) -> None:
    result = executor.run(threading.current_thread, within=ENOUGH)

    assert result is threading.current_thread()


def test_an_asynchronous_body_is_awaited(executor: Executor) -> None:
    async def body() -> str:
        await asyncio.sleep(0)
        return "done"

    result = executor.run(body, within=ENOUGH)

    assert result == "done"


def test_nobody_watches_the_time(executor: Executor) -> None:
    result = executor.run(lambda: "done", within=timedelta())

    assert result == "done"


def test_what_a_body_raises_comes_out(executor: Executor) -> None:
    with pytest.raises(ZeroDivisionError):
        executor.run(lambda: 1 // 0, within=ENOUGH)


def test_a_body_that_exits_has_merely_failed(executor: Executor) -> None:
    with pytest.raises(RuntimeError, match=r"SystemExit\(3\)") as failure:
        executor.run(lambda: sys.exit(3), within=ENOUGH)

    assert isinstance(failure.value.__cause__, SystemExit)


def test_an_interrupted_body_interrupts_the_caller(executor: Executor) -> None:
    def body() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        executor.run(body, within=ENOUGH)
