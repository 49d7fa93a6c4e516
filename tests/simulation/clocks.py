"""The time of a simulated account, which passes only as its scheduler says."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tests.simulation.process import Process

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
A_MILLISECOND: Final = timedelta(milliseconds=1)
A_MINUTE: Final = timedelta(minutes=1)
NO_TIME: Final = timedelta()
A_CENTURY: Final = timedelta(days=36_500)


class VirtualClock:
    """One for all; whoever holds it may move it."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        return self.moment

    def sleep(self, span: timedelta) -> None:
        """Return at once; the account's own parts never wait."""

    def pass_by(self, span: timedelta) -> None:
        """Make it later for everybody."""
        self.moment += span

    def jump_to(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)

    def sleep_in(self, process: Process, span: timedelta) -> None:
        """Let *process*, which is running, stand still while the others go on."""
        if span > NO_TIME:
            process.wakes_at = self.moment + _whole(span)
            process.park()
            process.wakes_at = None

    def next_minute(self, since: datetime) -> datetime:
        """Return the first full minute that is not before *since*."""
        return NOON - (NOON - since) // A_MINUTE * A_MINUTE


class ProcessClock:
    """The clock of one process, which may be off: who sleeps on it lets the others go on."""

    def __init__(self, clock: VirtualClock, process: Process) -> None:
        self._clock = clock
        self._process = process

    def now(self) -> datetime:
        return self._clock.moment + self._process.off

    def sleep(self, span: timedelta) -> None:
        self._clock.sleep_in(self._process, span)


def _whole(span: timedelta) -> timedelta:
    """Return *span* in whole milliseconds, not shortened."""
    return -(-span // A_MILLISECOND) * A_MILLISECOND
