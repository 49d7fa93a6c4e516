"""Clocks that obey."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.memory import FrozenClock, SkippingClock
from kernel.ports.clock import Clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_frozen_clock_stands_still_even_for_sleepers() -> None:
    clock: Clock = FrozenClock(NOON)

    clock.sleep(HOUR)

    assert clock.now() == NOON


def test_a_frozen_clock_is_set_and_advanced() -> None:
    clock = FrozenClock(NOON)
    clock.set(NOON - HOUR)
    earlier = clock.now()

    clock.advance(2 * HOUR)

    assert earlier == NOON - HOUR
    assert clock.now() == NOON + HOUR


def test_a_frozen_clock_says_utc_and_whole_milliseconds() -> None:
    elsewhere = (NOON + timedelta(microseconds=1_999)).astimezone(timezone(HOUR))

    now = FrozenClock(elsewhere).now()

    assert now == NOON + timedelta(milliseconds=1)
    assert now.tzinfo is UTC


def test_a_moment_without_a_time_zone_is_refused() -> None:
    naive = NOON.replace(tzinfo=None)

    with pytest.raises(ValueError, match="time zone"):
        FrozenClock(naive)


def test_who_sleeps_on_a_skipping_clock_wakes_later() -> None:
    clock: Clock = SkippingClock(NOON)

    clock.sleep(HOUR)
    clock.sleep(-HOUR)

    assert clock.now() == NOON + HOUR


def test_a_skipping_clock_jumps_forward_only() -> None:
    clock = SkippingClock(NOON)
    clock.jump_to(NOON + HOUR)

    clock.jump_to(NOON)

    assert clock.now() == NOON + HOUR
