"""The wall clock, corrected by what the store says the time is."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from kernel.errors import UnavailableError

_A_SECOND: Final = timedelta(seconds=1)
# Smaller differences hurt nobody: every lease has a margin that is many times as long.
_TOLERANCE: Final = timedelta(seconds=2)


def _machine_time() -> datetime:
    return datetime.now(UTC)


class SystemClock:
    """The machine's time, as far as the store agrees.

    Leases end by the clock of whoever reads them. So all processes go by one clock, the store's,
    which every one of its responses tells: a machine that is off is corrected, within seconds.

    Args:
        machine: What the machine says.
    """

    def __init__(self, *, machine: Callable[[], datetime] = _machine_time) -> None:
        self._machine = machine
        self._offset = timedelta()
        self._last_told: datetime | None = None
        self._asked = threading.local()
        self._consult: Callable[[], object] | None = None
        self._is_sure = True
        self._is_asking = False
        self._making_sure = threading.RLock()

    def now(self) -> datetime:
        if not self._is_sure:
            self._make_sure()
        now = self._machine() + self._offset
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def sleep(self, span: timedelta) -> None:
        seconds = max(0.0, span.total_seconds())
        time.sleep(seconds)  # noqa: TID251  # Everybody else asks this port.

    def consult_first(self, ask: Callable[[], object]) -> None:
        """Before the time is told for the first time, let *ask* ask the store something."""
        self._consult, self._is_sure = ask, False

    def asks(self) -> None:
        """Note that this thread asks the store something."""
        self._asked.at = self._machine()

    def hears(self, told: datetime) -> None:
        """Note that the store, when it answered this thread, said it was *told*, in whole seconds.

        The answer was made between the question and now, within the second that begins with
        *told*: that leaves a span for the difference. Only an offset outside of it is corrected,
        so an answer that took long says little, and does no harm.
        """
        if told == self._last_told:
            return
        heard = self._machine()
        asked = getattr(self._asked, "at", heard)
        least, most = told - heard, told + _A_SECOND - asked
        if least > most:
            # The machine itself was set back in between: the next answer will do.
            return
        self._last_told = told
        # Threads that are here at once agree; whichever is last may have its way.
        if not least - _TOLERANCE <= self._offset <= most + _TOLERANCE:
            self._offset = (least + most) / 2
        self._is_sure = True

    def _make_sure(self) -> None:
        with self._making_sure:
            # Whoever asks the store may look at this clock while it does.
            if self._is_sure or self._is_asking or self._consult is None:
                return
            self._is_asking = True
            try:
                self._consult()
            except UnavailableError:
                # What matters is whether there was an answer. One that tells of a mistake in
                # the deployment is not for this clock to keep.
                if not self._is_sure:
                    raise
            finally:
                self._is_asking = False
            self._is_sure = True
