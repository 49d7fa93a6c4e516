"""Events onto a bus, in their order. What is refused stops those behind it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from boto3.session import Session
from botocore.exceptions import ClientError

from adapters.aws.batches import batches
from adapters.aws.client import LazyClient
from adapters.aws.errors import code_of, is_busy, translated
from kernel.errors import UnavailableError
from kernel.model import moment
from kernel.model.event import Event

# What AWS always took in one request. A larger event goes alone; newer limits may let it pass.
LARGEST: Final = 256 * 1024 - 1
_TIME_COUNTS: Final = 14


class EventBridgeSink:
    """A bus. AWS says nothing when there is no such bus; the events are gone then."""

    def __init__(
        self, *, bus: str, source: str = "headrace", session: Session | None = None
    ) -> None:
        self._bus = bus
        self._source = source
        self._events = LazyClient(
            session, lambda session, config: session.client("events", config=config)
        )

    def publish(self, events: Sequence[Event]) -> Sequence[Event]:
        accepted = 0
        entries = [self._entry_of(event) for event in events]
        for batch in batches(entries, size=_size, limit=LARGEST):
            codes = self._put(batch)
            taken = next((nth for nth, code in enumerate(codes) if code), len(codes))
            accepted += taken
            if taken < len(codes):
                if not accepted and is_busy(codes[taken]):
                    raise UnavailableError(f"The bus {self._bus!r} is too busy to answer.")
                break
        return events[:accepted]

    def _put(self, batch: Sequence[Any]) -> Sequence[str]:
        """Return for each entry why it was refused; nothing where it was not."""
        try:
            with translated(f"The bus {self._bus!r}", variable="HEADRACE_BUS"):
                answer = self._events().put_events(Entries=batch)
        except ClientError as error:
            # So it is refused when it is too large; who else is in the batch is then no question.
            if len(batch) == 1 and code_of(error) == "ValidationException":
                return ["ValidationException"]
            raise
        return [entry.get("ErrorCode", "") for entry in answer["Entries"]]

    def _entry_of(self, event: Event) -> Mapping[str, Any]:
        return {
            "EventBusName": self._bus,
            "Source": self._source,
            "DetailType": event.type,
            "Time": event.at,
            "Detail": json.dumps(_detail_of(event), separators=(",", ":"), allow_nan=False),
        }


def _detail_of(event: Event) -> Mapping[str, Any]:
    return {
        "id": event.id,
        "type": event.type,
        "at": moment.to_text(event.at),
        "run_id": event.run_id,
        "workflow_id": event.workflow_id,
        "stage_id": event.stage_id,
        "generation": event.generation,
        "attempt": event.attempt,
        "sequence": event.sequence,
        "detail": dict(event.detail),
    }


def _size(entry: Mapping[str, Any]) -> int:
    return _TIME_COUNTS + sum(len(entry[name]) for name in ("Source", "DetailType", "Detail"))
