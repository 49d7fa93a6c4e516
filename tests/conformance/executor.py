"""What every executor promises."""

import asyncio
import sys
import traceback
from collections.abc import Generator
from contextvars import ContextVar
from datetime import timedelta
from typing import Any, Final

import pytest

from kernel.ports.executor import AttemptKey, Executor

ENOUGH: Final = timedelta(seconds=30)
AN_ATTEMPT: Final = AttemptKey(
    run_id="run-1", workflow_id="reports", stage_id="split", generation=0, attempt=1
)

request_id: ContextVar[str] = ContextVar("request_id", default="none")


class ExecutorContract:
    """Bodies return what they return and raise what they raise, wherever they run."""

    @pytest.fixture
    def executor(self) -> Executor:
        raise NotImplementedError

    def test_a_body_returns_what_it_returns(self, executor: Executor) -> None:
        result = executor.run(lambda: {"a": 1}, of=AN_ATTEMPT, within=ENOUGH)

        assert result == {"a": 1}

    def test_an_asynchronous_body_is_awaited(self, executor: Executor) -> None:
        async def body() -> str:
            await asyncio.sleep(0)
            return "done"

        result = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

        assert result == "done"

    def test_any_awaitable_will_do(self, executor: Executor) -> None:
        class Patient:
            def __await__(self) -> Generator[Any, None, str]:
                return asyncio.sleep(0, "done").__await__()

        result = executor.run(Patient, of=AN_ATTEMPT, within=ENOUGH)

        assert result == "done"

    def test_a_body_runs_in_the_callers_context(self, executor: Executor) -> None:
        token = request_id.set("caller's")

        found = executor.run(request_id.get, of=AN_ATTEMPT, within=ENOUGH)

        request_id.reset(token)
        assert found == "caller's"

    def test_an_asynchronous_body_runs_in_the_callers_context(self, executor: Executor) -> None:
        async def body() -> str:
            await asyncio.sleep(0)
            return request_id.get()

        token = request_id.set("caller's")

        found = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

        request_id.reset(token)
        assert found == "caller's"

    def test_what_a_body_raises_comes_out_and_shows_where(self, executor: Executor) -> None:
        def deep_inside() -> None:
            raise ValueError("no")

        with pytest.raises(ValueError, match=r"^no$") as failure:
            executor.run(deep_inside, of=AN_ATTEMPT, within=ENOUGH)

        places = [frame.name for frame in traceback.extract_tb(failure.value.__traceback__)]
        assert places[-1] == "deep_inside"

    def test_what_an_asynchronous_body_raises_comes_out(self, executor: Executor) -> None:
        async def body() -> None:
            await asyncio.sleep(0)
            raise ValueError("no")

        with pytest.raises(ValueError, match=r"^no$"):
            executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

    def test_a_bodys_own_timeout_is_not_the_executors(self, executor: Executor) -> None:
        def body() -> None:
            raise TimeoutError("the database took too long")

        with pytest.raises(TimeoutError, match="database"):
            executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

    def test_a_body_that_exits_has_merely_failed(self, executor: Executor) -> None:
        with pytest.raises(RuntimeError, match=r"SystemExit\(3\)") as failure:
            executor.run(lambda: sys.exit(3), of=AN_ATTEMPT, within=ENOUGH)

        assert isinstance(failure.value.__cause__, SystemExit)

    def test_an_asynchronous_body_that_gives_up_has_merely_failed(
        self, executor: Executor
    ) -> None:
        async def body() -> None:
            await asyncio.sleep(0)
            raise asyncio.CancelledError

        with pytest.raises(RuntimeError, match="CancelledError"):
            executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

    def test_a_body_may_run_another(self, executor: Executor) -> None:
        def body() -> str:
            return str(executor.run(lambda: "inner", of=AN_ATTEMPT, within=ENOUGH))

        result = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

        assert result == "inner"

    def test_an_asynchronous_body_has_calls_made_aside_in_its_context(
        self, executor: Executor
    ) -> None:
        async def body() -> list[str]:
            calls = [executor.aside(request_id.get, of=AN_ATTEMPT) for _ in range(2)]
            return list(await asyncio.gather(*calls))

        token = request_id.set("caller's")

        found = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

        request_id.reset(token)
        assert found == ["caller's", "caller's"]

    def test_what_a_call_aside_raises_is_raised_where_it_is_awaited(
        self, executor: Executor
    ) -> None:
        async def body() -> str:
            with pytest.raises(ZeroDivisionError):
                await executor.aside(lambda: 1 // 0, of=AN_ATTEMPT)
            return "went on"

        result = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

        assert result == "went on"

    def test_bodies_that_end_in_their_time_leave_nothing_behind(self, executor: Executor) -> None:
        executor.run(lambda: "done", of=AN_ATTEMPT, within=ENOUGH)

        with pytest.raises(ZeroDivisionError):
            executor.run(lambda: 1 // 0, of=AN_ATTEMPT, within=ENOUGH)

        assert not executor.tainted
