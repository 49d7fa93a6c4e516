"""How long to wait before the next try."""

from datetime import timedelta
from math import ceil, inf

from kernel.authoring.verdict import Retry


def full_jitter(retry: Retry, *, attempt: int, jitter: float) -> timedelta:
    """Return a wait evenly spread from nothing to the policy's longest after *attempt*.

    Full jitter: random between 0 and the capped exponential, as in "Exponential Backoff And
    Jitter" (AWS Architecture Blog, 2015).
    """
    # As a float first: a large power overflows a timedelta long before it overflows a float.
    first = retry.first_delay.total_seconds()
    wanted = first * _power(retry.factor, attempt - 1) if first else 0.0
    longest = retry.max_delay.total_seconds()
    # Whole milliseconds, as on the wire: what is finer would make a bell ring too early.
    return timedelta(milliseconds=ceil(min(wanted, longest) * jitter * 1_000))


def _power(factor: float, exponent: int) -> float:
    try:
        return float(factor**exponent)
    except OverflowError:
        return inf


def poll_backoff(every: timedelta, *, failures: int, longest: timedelta) -> timedelta:
    """Return the wait after *failures* polls in a row that threw: doubling, capped."""
    doublings = 1 << min(max(failures - 1, 0), 16)
    return min(every * doublings, max(longest, every))
