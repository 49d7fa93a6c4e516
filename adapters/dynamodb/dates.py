"""Every response says what time it is for DynamoDB; whoever wants to know is told."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from botocore.hooks import BaseEventHooks


class Listener(Protocol):
    """Wants to know what time it is for the store."""

    def asks(self) -> None:
        """Note that this thread asks the store something."""
        ...

    def hears(self, told: datetime) -> None:
        """Note that the store, when it answered, said it was *told*, in whole seconds."""
        ...


def let_hear(listener: Listener, events: BaseEventHooks) -> None:
    """Tell *listener* of every try of every request that is made with a client's *events*."""

    def ask(**_: Any) -> None:
        listener.asks()

    def hear(response_dict: Mapping[str, Any] | None = None, **_: Any) -> None:
        told = _moment(response_dict["headers"].get("date", "")) if response_dict else None
        if told is not None:
            listener.hears(told)

    events.register("request-created.dynamodb", ask, unique_id="headrace-asks")
    events.register("response-received.dynamodb", hear, unique_id="headrace-hears")


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
