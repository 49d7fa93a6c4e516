"""A clock for moto's queues that can be moved."""

from collections.abc import Callable
from datetime import timedelta

import moto.sqs.models
import pytest


class QueueTime:
    """The time that moto's queues live in. It runs, and can be made to skip."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._skipped = timedelta()
        for name, unit in (("unix_time", 1), ("unix_time_millis", 1000)):
            patch.setattr(moto.sqs.models, name, self._ahead(getattr(moto.sqs.models, name), unit))

    def skip(self, span: timedelta) -> None:
        self._skipped += span

    def _ahead(self, clock: Callable[..., float], unit: int) -> Callable[..., float]:
        return lambda *arguments: clock(*arguments) + self._skipped.total_seconds() * unit
