"""How long to wait before the next try."""

from datetime import timedelta

import pytest

from kernel.authoring import Retry
from kernel.decisions.backoff import full_jitter, poll_backoff

A_SECOND = timedelta(seconds=1)
A_MINUTE = timedelta(minutes=1)
ALMOST_ONE = 0.999_999


@pytest.mark.parametrize(
    ("attempt", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (9, 256), (10, 300), (100, 300)]
)
def test_the_longest_wait_doubles_up_to_the_policys_limit(attempt: int, longest: int) -> None:
    wait = full_jitter(Retry(), attempt=attempt, jitter=ALMOST_ONE)

    assert wait == pytest.approx(longest * A_SECOND, abs=timedelta(milliseconds=1))


@pytest.mark.parametrize("jitter", [0.0, 0.25, 0.5, 0.75])
def test_the_wait_is_spread_evenly_from_nothing_to_the_longest(jitter: float) -> None:
    wait = full_jitter(Retry(), attempt=4, jitter=jitter)

    assert wait == 8 * A_SECOND * jitter


def test_a_policy_may_grow_otherwise() -> None:
    retry = Retry(first_delay=10 * A_SECOND, factor=3, max_delay=timedelta(hours=1))

    waits = [full_jitter(retry, attempt=attempt, jitter=0.5) for attempt in (1, 2, 3)]

    assert waits == [5 * A_SECOND, 15 * A_SECOND, 45 * A_SECOND]


def test_a_policy_without_a_delay_waits_for_nothing() -> None:
    retry = Retry(first_delay=timedelta(), max_delay=timedelta())

    wait = full_jitter(retry, attempt=5, jitter=ALMOST_ONE)

    assert wait == timedelta()


@pytest.mark.parametrize("attempt", [2, 3, 64, 100])
def test_a_power_beyond_every_number_is_still_the_limit(attempt: int) -> None:
    retry = Retry(factor=1e300, max_attempts=100)

    wait = full_jitter(retry, attempt=attempt, jitter=0.5)

    assert wait == 150 * A_SECOND


@pytest.mark.parametrize(("failures", "minutes"), [(0, 1), (1, 1), (2, 2), (3, 4), (99, 15)])
def test_the_pause_between_polls_that_throw_doubles_up_to_a_limit(
    failures: int, minutes: int
) -> None:
    pause = poll_backoff(A_MINUTE, failures=failures, longest=15 * A_MINUTE)

    assert pause == minutes * A_MINUTE


def test_polls_that_are_far_apart_anyway_do_not_come_closer() -> None:
    pause = poll_backoff(timedelta(hours=2), failures=3, longest=15 * A_MINUTE)

    assert pause == timedelta(hours=2)
