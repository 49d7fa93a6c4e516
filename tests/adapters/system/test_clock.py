"""The wall clock."""

from datetime import UTC, datetime, timedelta

from adapters.system.clock import SystemClock
from kernel.ports.clock import Clock


def test_it_says_the_time_in_utc_and_whole_milliseconds() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    now = clock.now()

    assert timedelta(milliseconds=-1) < now - before < timedelta(minutes=1)
    assert now.tzinfo is UTC
    assert now.microsecond % 1_000 == 0


def test_sleeping_takes_its_time() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    clock.sleep(timedelta(milliseconds=20))

    assert datetime.now(UTC) - before >= timedelta(milliseconds=20)


def test_a_span_that_is_over_is_not_slept() -> None:
    clock: Clock = SystemClock()
    before = datetime.now(UTC)

    clock.sleep(timedelta(hours=-1))

    assert datetime.now(UTC) - before < timedelta(minutes=1)
