"""What moto needs to stand in for AWS: one request at a time, and a clock that can be moved."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import moto.sqs.models
import pytest
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.responses import SQSResponse

_one_at_a_time = threading.RLock()
_made_atomic: set[type] = set()


def make_atomic() -> None:
    """Let moto answer one request at a time; doing it again changes nothing.

    Without this, several of those who write at once win (measured with moto 5.2.5).
    """
    for handler in (DynamoHandler, SQSResponse):
        with _one_at_a_time:
            if handler not in _made_atomic:
                _made_atomic.add(handler)
                setattr(handler, "call_action", _locked(handler.call_action))  # noqa: B010


def _locked(action: Callable[..., Any]) -> Callable[..., Any]:
    def call_action(self: Any, *arguments: Any) -> Any:
        with _one_at_a_time:
            return action(self, *arguments)

    return call_action


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
