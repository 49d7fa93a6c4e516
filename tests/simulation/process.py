"""A process of the simulated account: one Lambda invocation, or one call of the API."""

from collections.abc import Callable
from datetime import datetime, timedelta

from greenlet import getcurrent, greenlet

from tests.support.saboteurs import Crash


class Process:
    """Exactly one process runs at a time; it runs until it is parked, ends, or dies.

    Args:
        work: What it does.
        wakes_at: When it may begin; later on, when it may go on, where it sleeps.
        dies_at: When the platform stops it, if it is still there.
        is_safe: Nothing goes wrong any more in its time.
        off: How far its clock is ahead; behind, where it is negative.

    Attributes:
        tokens: What it drew: the leases that it may hold.
        answers: The digests of the secrets that it called stages with.
        goes_on_at: The step before which it does not, unless it is alone.
        is_dead: It makes no port call any more, whatever its code would do on its way out.
        failure: What ended it, if that was not the end of its work.
    """

    def __init__(
        self,
        name: str,
        work: Callable[["Process"], object],
        *,
        wakes_at: datetime | None = None,
        dies_at: datetime | None = None,
        is_safe: bool = False,
        off: timedelta = timedelta(),
    ) -> None:
        self.name = name
        self.wakes_at = wakes_at
        self.dies_at = dies_at
        self.is_safe = is_safe
        self.off = off
        self.tokens: set[str] = set()
        self.answers: set[str] = set()
        self.failure: Exception | Crash | None = None
        self.goes_on_at = 0
        self.is_dead = False
        self._work = work
        self._hub = getcurrent()
        self._thread = greenlet(self._run)

    @property
    def is_over(self) -> bool:
        return bool(self._thread.dead)

    def is_awake(self, now: datetime) -> bool:
        return self.wakes_at is None or self.wakes_at <= now

    def go_on(self) -> None:
        """Let it run until it is parked or over; only the hub may say so."""
        self._thread.switch()

    def park(self) -> None:
        """Let the hub decide who goes on; only the process itself may say so."""
        self._hub.switch()

    def end(self) -> None:
        """End it where it stands."""
        self.is_dead = True
        if self._thread:
            self._thread.throw()

    def _run(self) -> None:
        try:
            self._work(self)
        except (Exception, Crash) as error:  # noqa: BLE001 - whoever started it looks at it
            self.failure = error
