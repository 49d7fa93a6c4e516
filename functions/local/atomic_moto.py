"""moto 5.2.5 lets concurrent writers win together; this makes each of its requests atomic."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Condition
from typing import Any, Final

from moto.dynamodb.responses import DynamoHandler
from moto.events.models import EventBus
from moto.sqs.models import Queue
from moto.sqs.responses import SQSResponse

# Seconds until a waiting receiver looks again: a delayed message appears without a call.
_NAP: Final = 0.1


@contextmanager
def atomic_moto() -> Iterator[None]:
    """Repair moto for as long as the context lasts.

    DynamoDB and SQS answer one request at a time, each under a lock of its own. A receiver
    that waits for messages gives the lock up, so that somebody can send one. A reference to
    an event bus yields its name, where moto alone gives a Python object.
    """
    table_turn, queue_turn = Condition(), Condition()
    with (
        _replaced(DynamoHandler, "call_action", _guarded(DynamoHandler.call_action, table_turn)),
        _replaced(SQSResponse, "call_action", _guarded(SQSResponse.call_action, queue_turn)),
        _replaced(Queue, "wait_for_messages", lambda _queue, _timeout: queue_turn.wait(_NAP)),
        _replaced(EventBus, "physical_resource_id", property(lambda bus: bus.name)),
    ):
        yield


def _guarded(original: Callable[[Any], Any], turn: Condition) -> Callable[[Any], Any]:
    @wraps(original)
    def call_action(handler: Any) -> Any:
        with turn:
            try:
                return original(handler)
            finally:
                turn.notify_all()

    return call_action


@contextmanager
def _replaced(owner: type, name: str, replacement: object) -> Iterator[None]:
    missing = object()
    own = vars(owner).get(name, missing)
    setattr(owner, name, replacement)
    try:
        yield
    finally:
        if own is missing:
            delattr(owner, name)
        else:
            setattr(owner, name, own)
