"""Doing something again and again in the background, as AWS does on its own."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

log = logging.getLogger(__name__)


class Rhythm:
    """Calls *action* every so often, the first time after one *interval*, until it is stopped.

    A call that raises is logged, and the next one comes all the same.
    """

    def __init__(self, action: Callable[[], object], *, every: timedelta, name: str) -> None:
        self._action = action
        self._seconds = every / timedelta(seconds=1)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=name, daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, grace: timedelta) -> bool:
        """Return whether the call that was under way, if any, ended within *grace*."""
        self._stopping.set()
        self._thread.join(timeout=grace / timedelta(seconds=1))
        return not self._thread.is_alive()

    def _beat(self) -> None:
        due = time.monotonic() + self._seconds
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            due = time.monotonic() + self._seconds
            try:
                self._action()
            except Exception:
                log.exception("%s failed", self._thread.name)
