"""What follows a commit. All of it may be lost: the due index repeats it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from kernel.errors import NotConfiguredError
from kernel.model.bell import Bell
from kernel.ports.bundle import Ports
from kernel.ports.logbook import Level, LogEntry


def ring(ports: Ports, bells: Iterable[Bell]) -> None:
    """Ring every bell at its time: at once, held back by the transport, or by the scheduler."""
    now = ports.clock.now()
    by_delay: dict[timedelta, list[Bell]] = {}
    for bell in bells:
        by_delay.setdefault(_delay(bell, now), []).append(bell)
    for delay, together in by_delay.items():
        try:
            _ring(ports, together, delay)
        except NotConfiguredError as error:
            report(ports, "A doorbell has no queue; the tick will try again.", error)
        except Exception as error:  # noqa: BLE001 - what it follows has happened, whatever this is
            report(ports, "A doorbell may be lost; the tick will ring it again.", error)


def report(ports: Ports, message: str, error: Exception) -> None:
    """Tell the logbook that an effect did not happen."""
    ports.logbook.write(
        LogEntry(level=Level.WARNING, message=message, fields={"error": str(error)})
    )


def _ring(ports: Ports, bells: list[Bell], delay: timedelta) -> None:
    if delay <= ports.transport.longest_delay:
        ports.transport.send(bells, delay=delay)
        return
    lacking: NotConfiguredError | None = None
    for bell in bells:
        try:
            ports.scheduler.ring_at(bell, bell.not_before or ports.clock.now())
        except NotConfiguredError as error:
            lacking = error
    if lacking is not None:
        raise lacking


def _delay(bell: Bell, now: datetime) -> timedelta:
    if bell.not_before is None or bell.not_before <= now:
        return timedelta()
    return timedelta(seconds=ceil((bell.not_before - now).total_seconds()))
