"""Waiting for what other processes do, long enough for the slowest machine."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from adapters.system.clock import SystemClock
from kernel.ports.bundle import Ports

T = TypeVar("T")

LONG: Final = timedelta(minutes=5)
A_MOMENT: Final = timedelta(milliseconds=100)


def until(found: Callable[[], T | None], *, within: timedelta = LONG) -> T:
    """Return what is *found*, as soon as that is something.

    Raises:
        TimeoutError: It was nothing for as long as *within*.
    """
    clock = SystemClock()
    end = clock.now() + within
    while True:
        something = found()
        if something:
            return something
        if clock.now() > end:
            message = f"Nothing came of {found} within {within}."
            raise TimeoutError(message)
        clock.sleep(A_MOMENT)


def is_quiet(ports: Ports, run_id: str) -> bool:
    """Whether the run is over, and all of its events are out."""
    snapshot = ports.persistence.snapshot(run_id)
    waiting = snapshot.run.outbox or any(stage.outbox for stage in snapshot.stages)
    return snapshot.run.status.is_terminal and not waiting
