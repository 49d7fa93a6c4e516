"""Events onto a bus, in their order. What is refused stops those behind it."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from botocore.exceptions import ClientError

from adapters.aws.batches import batches
from adapters.aws.client import LazyClient
from adapters.aws.errors import code_of, is_busy, translated
from kernel.errors import UnavailableError
from kernel.model import moment
from kernel.model.event import Event
from kernel.ports.event_sink import Published

if TYPE_CHECKING:
    # For its types only: boto3 loads S3's transfers, which takes as long as all the kernel.
    from boto3.session import Session

# What AWS always took in one request. A larger event goes alone; newer limits may let it pass.
LARGEST: Final = 256 * 1024 - 1
_TIME_COUNTS: Final = 14
# What is wrong with one event. What would befall every other one as well (a missing permission, a
# wrong account) is none of these, and neither is what nobody has heard of yet.
_REFUSALS: Final = frozenset(
    {
        *("InvalidArgument", "MalformedDetail", "RedactionFailure"),
        *("NotAuthorizedForDetailTypeException", "ValidationException"),
    }
)

# What all entries have in common: AWS names the parameter that it does not like.
_OURS: Final = ("eventbusname", "parameter source ")

_Answer: TypeAlias = Mapping[str, Any]


class EventBridgeSink:
    """A bus. AWS says nothing when there is no such bus; the events are gone then."""

    def __init__(
        self, *, bus: str, source: str = "headrace", session: "Session | None" = None
    ) -> None:
        self._bus = bus
        self._source = source
        self._events = LazyClient(
            session, lambda session, config: session.client("events", config=config)
        )

    def make_client(self) -> None:
        """Do it now rather than when it is first needed."""
        self._events()

    def publish(self, events: Sequence[Event]) -> Published:
        accepted = 0
        entries = [self._entry_of(event) for event in events]
        for batch in batches(entries, size=_size, limit=LARGEST):
            answers = self._put(batch)
            taken = next((nth for nth, code in enumerate(map(_code, answers)) if code), None)
            if taken is not None:
                return self._stopped(events[: accepted + taken], answers[taken])
            accepted += len(answers)
        return Published(accepted=events[:accepted])

    def _stopped(self, accepted: Sequence[Event], answer: _Answer) -> Published:
        """Return what it means that after those *accepted* one was answered so."""
        code = _code(answer)
        if _is_refusal(answer):
            return Published(
                accepted=accepted, refusal=f"{code}: {answer.get('ErrorMessage', '')}"
            )
        if accepted:
            return Published(accepted=accepted)
        if is_busy(code):
            raise UnavailableError(f"The bus {self._bus!r} is too busy to answer.", aws=code)
        raise UnavailableError(f"The bus {self._bus!r} takes nothing: {code}.", aws=code)

    def _put(self, batch: Sequence[Any]) -> Sequence[_Answer]:
        """Return for each entry what AWS says to it."""
        try:
            with translated(f"The bus {self._bus!r}", variable="HEADRACE_BUS"):
                answer = self._events().put_events(Entries=batch)
        except ClientError as error:
            # So it is refused when it is too large; who else is in the batch is then no question.
            if len(batch) == 1 and code_of(error) == "ValidationException":
                return [_said(error)]
            raise
        return answer["Entries"]

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


def _code(answer: _Answer) -> str:
    """Return why an entry was not taken; nothing where it was."""
    return str(answer.get("ErrorCode", ""))


def _is_refusal(answer: _Answer) -> bool:
    """Whether it is about the event, and not about where all of them are sent."""
    message = answer.get("ErrorMessage", "").lower()
    return _code(answer) in _REFUSALS and not any(name in message for name in _OURS)


def _said(error: ClientError) -> _Answer:
    """Return the answer to a request of one entry as the answer to that entry."""
    message = error.response.get("Error", {}).get("Message", "")
    return {"ErrorCode": code_of(error), "ErrorMessage": message}


def _size(entry: Mapping[str, Any]) -> int:
    return _TIME_COUNTS + sum(len(entry[name]) for name in ("Source", "DetailType", "Detail"))
