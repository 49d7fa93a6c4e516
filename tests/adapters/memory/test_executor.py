"""Bodies run where they are called."""

import threading
from datetime import timedelta

import pytest

from adapters.memory import InlineExecutor
from kernel.ports.executor import Executor
from tests.conformance.executor import AN_ATTEMPT, ENOUGH, ExecutorContract


class TestInlineExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self) -> Executor:
        return InlineExecutor()

    def test_a_body_runs_in_the_callers_thread(self, executor: Executor) -> None:
        result = executor.run(threading.current_thread, of=AN_ATTEMPT, within=ENOUGH)

        assert result is threading.current_thread()

    def test_nobody_watches_the_time(self, executor: Executor) -> None:
        result = executor.run(lambda: "done", of=AN_ATTEMPT, within=timedelta())

        assert result == "done"

    def test_an_interrupted_body_interrupts_the_caller(self, executor: Executor) -> None:
        def body() -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            executor.run(body, of=AN_ATTEMPT, within=ENOUGH)
