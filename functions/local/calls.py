"""How often this process called AWS; what the stack itself does in AWS's place does not count."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from botocore import handlers

# Part of the user agent of whoever plays AWS.
UNCOUNTED: Final = "headrace-plays-aws"


class Calls:
    """Counts by service, such as `dynamodb`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._overlooked = threading.local()
        self._counts: Counter[str] = Counter()

    @property
    def by_service(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        return sum(self.by_service.values())

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the calls of every client whose session is made in this context."""
        # As moto does it: boto3 and PynamoDB have sessions of their own, and this is in both.
        hook = ("before-send", self._count)
        handlers.BUILTIN_HANDLERS.append(hook)
        try:
            yield
        finally:
            handlers.BUILTIN_HANDLERS.remove(hook)

    @contextmanager
    def overlooked(self) -> Iterator[None]:
        """Do not count what this thread asks in this context, such as how things stand."""
        before = getattr(self._overlooked, "now", False)
        self._overlooked.now = True
        try:
            yield
        finally:
            self._overlooked.now = before

    def _count(self, event_name: str, request: Any, **_others: Any) -> None:
        if getattr(self._overlooked, "now", False):
            return
        agent = request.headers.get("User-Agent", b"")
        if UNCOUNTED in (agent.decode() if isinstance(agent, bytes) else agent):
            return
        with self._lock:
            self._counts[event_name.split(".")[1]] += 1
