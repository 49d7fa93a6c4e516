"""Bodies end in their time, or are left behind; whatever they raise is the attempt's failure."""

import asyncio
import threading
from collections.abc import Generator
from datetime import timedelta

import pytest

from adapters.system.executor import LocalExecutor
from kernel.ports.executor import BodyStoppedError, BodyTimeoutError, Executor, Pulse
from tests.conformance.executor import AN_ATTEMPT, ENOUGH, ExecutorContract, request_id

A_WHILE = timedelta(milliseconds=300)
SHORT = timedelta(milliseconds=30)
FOREVER = 60


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


class TestLocalExecutor(ExecutorContract):
    @pytest.fixture
    def executor(self) -> Executor:
        return LocalExecutor(grace=ENOUGH)


def test_a_body_cannot_change_the_callers_context(executor: LocalExecutor) -> None:
    def body() -> str:
        found = request_id.get()
        request_id.set("body's own")
        return found

    token = request_id.set("caller's")
    found = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)
    after = request_id.get()
    request_id.reset(token)

    assert (found, after) == ("caller's", "caller's")


@pytest.mark.parametrize("error", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
def test_an_asynchronous_body_that_gives_up_has_merely_failed(
    executor: LocalExecutor, error: type[BaseException]
) -> None:
    async def body() -> None:
        await asyncio.sleep(0)
        raise error

    with pytest.raises(RuntimeError, match=error.__name__):
        executor.run(body, of=AN_ATTEMPT, within=ENOUGH)


def test_a_body_that_does_not_end_is_left_behind(
    impatient: LocalExecutor, release: threading.Event
) -> None:
    with pytest.raises(BodyTimeoutError, match=r"^The body did not end within 0\.03 seconds\.$"):
        impatient.run(lambda: release.wait(FOREVER), of=AN_ATTEMPT, within=SHORT)

    assert impatient.tainted


def test_who_left_a_body_behind_can_still_run_others(
    impatient: LocalExecutor, release: threading.Event
) -> None:
    with pytest.raises(BodyTimeoutError):
        impatient.run(lambda: release.wait(FOREVER), of=AN_ATTEMPT, within=SHORT)

    result = impatient.run(lambda: "done", of=AN_ATTEMPT, within=ENOUGH)

    assert result == "done"
    assert impatient.tainted


def test_a_body_that_ends_a_little_late_is_late_but_not_left_behind(
    executor: LocalExecutor, release: threading.Event
) -> None:
    threading.Timer(0.1, release.set).start()

    with pytest.raises(BodyTimeoutError):
        executor.run(lambda: release.wait(FOREVER), of=AN_ATTEMPT, within=SHORT)

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
        executor.run(body, of=AN_ATTEMPT, within=A_WHILE)

    assert told == ["cancelled"]
    assert not executor.tainted


def test_a_pulse_beats_while_a_body_runs(executor: LocalExecutor) -> None:
    beats = threading.Semaphore(0)

    def beat() -> bool:
        beats.release()
        return True

    pulse = Pulse(every=timedelta(milliseconds=5), beat=beat)

    def body() -> int:
        return [beats.acquire(timeout=FOREVER) for _ in range(3)].count(True)

    felt = executor.run(body, of=AN_ATTEMPT, within=ENOUGH, pulse=pulse)

    assert felt == 3


def test_a_body_that_is_not_wanted_any_more_is_stopped(executor: LocalExecutor) -> None:
    told: list[str] = []
    pulse = Pulse(every=SHORT, beat=lambda: False)

    async def body() -> None:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    with pytest.raises(BodyStoppedError, match="no longer wanted"):
        executor.run(body, of=AN_ATTEMPT, within=ENOUGH, pulse=pulse)

    assert told == ["cancelled"]
    assert not executor.tainted


def test_a_body_that_cannot_be_stopped_is_left_behind(
    impatient: LocalExecutor, release: threading.Event
) -> None:
    pulse = Pulse(every=SHORT, beat=lambda: False)

    with pytest.raises(BodyStoppedError):
        impatient.run(lambda: release.wait(FOREVER), of=AN_ATTEMPT, within=ENOUGH, pulse=pulse)

    assert impatient.tainted


def test_an_executor_that_stops_stops_every_body_at_once(executor: LocalExecutor) -> None:
    async def body() -> None:
        threading.Thread(target=executor.stop).start()
        await asyncio.sleep(FOREVER)

    with pytest.raises(BodyStoppedError, match="process"):
        executor.run(body, of=AN_ATTEMPT, within=ENOUGH)
    with pytest.raises(BodyStoppedError):
        executor.run(lambda: asyncio.sleep(FOREVER), of=AN_ATTEMPT, within=ENOUGH)

    assert executor.is_stopping
    assert not executor.tainted


def test_what_a_body_came_to_counts_though_its_process_is_to_end(executor: LocalExecutor) -> None:
    def body() -> str:
        executor.stop()
        return "done"

    came_to = executor.run(body, of=AN_ATTEMPT, within=ENOUGH)

    assert came_to == "done"


def test_a_cancelled_body_that_answers_late_is_still_late(executor: LocalExecutor) -> None:
    async def body() -> str:
        try:
            await asyncio.sleep(FOREVER)
        except asyncio.CancelledError:
            return "too late"
        return "never"

    with pytest.raises(BodyTimeoutError):
        executor.run(body, of=AN_ATTEMPT, within=SHORT)

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
        executor.run(body, of=AN_ATTEMPT, within=SHORT)

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
        impatient.run(body, of=AN_ATTEMPT, within=A_WHILE)

    assert started.is_set()
    assert impatient.tainted


def test_a_body_for_which_there_is_no_time_is_not_begun(executor: LocalExecutor) -> None:
    begun: list[str] = []

    with pytest.raises(BodyTimeoutError, match="no time left"):
        executor.run(lambda: begun.append("it was"), of=AN_ATTEMPT, within=timedelta())

    assert begun == []
    assert not executor.tainted
