"""Bodies end in their time, or are left behind; whatever they raise is the attempt's failure."""

import asyncio
import sys
import threading
import traceback
from collections.abc import Generator
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import pytest

from adapters.system.executor import LocalExecutor
from kernel.ports.executor import BodyTimeoutError

ENOUGH = timedelta(seconds=30)
A_WHILE = timedelta(milliseconds=300)
SHORT = timedelta(milliseconds=30)
FOREVER = 60

request_id: ContextVar[str] = ContextVar("request_id", default="none")


@pytest.fixture
def executor() -> LocalExecutor:
    return LocalExecutor(grace=ENOUGH)


@pytest.fixture
def impatient() -> LocalExecutor:
    return LocalExecutor(grace=SHORT)


@pytest.fixture
def release() -> Generator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_body_returns_what_it_returns(executor: LocalExecutor) -> None:
    result = executor.run(lambda: {"a": 1}, within=ENOUGH)

    assert result == {"a": 1}
    assert not executor.tainted


def test_an_asynchronous_body_is_awaited(executor: LocalExecutor) -> None:
    async def body() -> str:
        await asyncio.sleep(0)
        return "done"

    result = executor.run(body, within=ENOUGH)

    assert result == "done"


def test_any_awaitable_will_do(executor: LocalExecutor) -> None:
    class Patient:
        def __await__(self) -> Generator[Any, None, str]:
            return asyncio.sleep(0, "done").__await__()

    result = executor.run(Patient, within=ENOUGH)

    assert result == "done"


def test_a_body_runs_in_the_callers_context_and_cannot_change_it(executor: LocalExecutor) -> None:
    def body() -> str:
        found = request_id.get()
        request_id.set("body's own")
        return found

    token = request_id.set("caller's")
    found = executor.run(body, within=ENOUGH)
    after = request_id.get()
    request_id.reset(token)

    assert (found, after) == ("caller's", "caller's")


def test_an_asynchronous_body_runs_in_the_callers_context(executor: LocalExecutor) -> None:
    async def body() -> str:
        await asyncio.sleep(0)
        return request_id.get()

    token = request_id.set("caller's")
    found = executor.run(body, within=ENOUGH)
    request_id.reset(token)

    assert found == "caller's"


def test_what_a_body_raises_comes_out_and_shows_where(executor: LocalExecutor) -> None:
    def deep_inside() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$") as failure:
        executor.run(deep_inside, within=ENOUGH)

    places = [frame.name for frame in traceback.extract_tb(failure.value.__traceback__)]
    assert places[-1] == "deep_inside"


def test_what_an_asynchronous_body_raises_comes_out(executor: LocalExecutor) -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    with pytest.raises(ValueError, match=r"^no$"):
        executor.run(body, within=ENOUGH)


def test_a_bodys_own_timeout_is_not_the_executors(executor: LocalExecutor) -> None:
    def body() -> None:
        raise TimeoutError("the database took too long")

    with pytest.raises(TimeoutError, match="database"):
        executor.run(body, within=ENOUGH)


def test_a_body_that_exits_has_merely_failed(executor: LocalExecutor) -> None:
    with pytest.raises(RuntimeError, match=r"SystemExit\(3\)") as failure:
        executor.run(lambda: sys.exit(3), within=ENOUGH)

    assert isinstance(failure.value.__cause__, SystemExit)


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
def test_an_asynchronous_body_that_gives_up_has_merely_failed(
    executor: LocalExecutor, error: type[BaseException]
) -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        raise error

    with pytest.raises(RuntimeError, match=error.__name__):
        executor.run(body, within=ENOUGH)


def test_a_body_that_does_not_end_is_left_behind(
    impatient: LocalExecutor, release: threading.Event
) -> None:
    with pytest.raises(BodyTimeoutError, match=r"^The body did not end within 0\.03 seconds\.$"):
        impatient.run(lambda: release.wait(FOREVER), within=SHORT)

    assert impatient.tainted


def test_who_left_a_body_behind_can_still_run_others(
    impatient: LocalExecutor, release: threading.Event
) -> None:
    with pytest.raises(BodyTimeoutError):
        impatient.run(lambda: release.wait(FOREVER), within=SHORT)

    result = impatient.run(lambda: "done", within=ENOUGH)

    assert result == "done"
    assert impatient.tainted


def test_a_body_that_ends_a_little_late_is_late_but_not_left_behind(
    executor: LocalExecutor, release: threading.Event
) -> None:
    threading.Timer(0.1, release.set).start()

    with pytest.raises(BodyTimeoutError):
        executor.run(lambda: release.wait(FOREVER), within=SHORT)

    assert not executor.tainted


def test_an_asynchronous_body_is_cancelled_and_nothing_is_left_behind(
    executor: LocalExecutor,
) -> None:
    told: list[str] = []

    async def body() -> None:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    with pytest.raises(BodyTimeoutError):
        executor.run(body, within=A_WHILE)

    assert told == ["cancelled"]
    assert not executor.tainted


def test_a_cancelled_body_that_answers_late_is_still_late(executor: LocalExecutor) -> None:
    async def body() -> str:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            return "too late"
        return "never"

    with pytest.raises(BodyTimeoutError):
        executor.run(body, within=SHORT)

    assert not executor.tainted


def test_a_body_that_turns_asynchronous_too_late_goes_no_further(
    executor: LocalExecutor, release: threading.Event
) -> None:
    begun: list[str] = []

    async def rest() -> None:
        begun.append("it was")

    def body() -> object:
        release.wait(FOREVER)
        return rest()

    threading.Timer(0.1, release.set).start()
    with pytest.raises(BodyTimeoutError):
        executor.run(body, within=SHORT)

    assert begun == []
    assert not executor.tainted


def test_an_asynchronous_body_that_never_yields_is_left_behind(
    impatient: LocalExecutor, release: threading.Event
) -> None:
    started = threading.Event()

    async def body() -> None:
        started.set()
        release.wait(FOREVER)

    with pytest.raises(BodyTimeoutError):
        impatient.run(body, within=A_WHILE)

    assert started.is_set()
    assert impatient.tainted


def test_a_body_for_which_there_is_no_time_is_not_begun(executor: LocalExecutor) -> None:
    begun: list[str] = []

    with pytest.raises(BodyTimeoutError, match="no time left"):
        executor.run(lambda: begun.append("it was"), within=timedelta())

    assert begun == []
    assert not executor.tainted
