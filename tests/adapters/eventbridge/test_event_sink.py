"""The bus keeps its port's promises on moto, and is told no more than it can take."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from adapters.eventbridge.event_sink import EventBridgeSink
from kernel.errors import UnavailableError
from kernel.ports.event_sink import Published
from tests.conformance.event_sink import RefusalContract, an_event
from tests.support.aws import Mouth, a_session, refusal

BUSY = {"ErrorCode": "ThrottlingException"}
REFUSED = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
TAKEN = {"EventId": "x"}


@pytest.fixture(scope="module", autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def session(aws: None) -> Session:
    return a_session()


@pytest.fixture
def bus(session: Session) -> str:
    name = f"bus-{uuid4()}"
    session.client("events").create_event_bus(Name=name)
    return name


@pytest.fixture
def heard(session: Session, bus: str) -> Callable[[], Sequence[Any]]:
    """Return what lists all that a subscriber to the bus has heard."""
    sqs, events = session.client("sqs"), session.client("events")
    url = sqs.create_queue(QueueName=bus)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    pattern = json.dumps({"source": ["headrace"]})
    events.put_rule(Name="all", EventBusName=bus, EventPattern=pattern)
    targets: list[Any] = [{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}]
    events.put_targets(Rule="all", EventBusName=bus, Targets=targets)

    def listen() -> Iterator[Any]:
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            yield from (json.loads(message["Body"]) for message in messages)

    return lambda: [*listen()]


class TestEventBridgeSink(RefusalContract):
    @pytest.fixture
    def sink(self, bus: str, session: Session) -> EventBridgeSink:
        return EventBridgeSink(bus=bus, session=session)

    @pytest.fixture
    def arrived(self, heard: Callable[[], Sequence[Any]]) -> Callable[[], Sequence[str]]:
        return lambda: [event["detail"]["id"] for event in heard()]


def test_a_subscriber_hears_the_whole_event(
    bus: str, session: Session, heard: Callable[[], Sequence[Any]]
) -> None:
    EventBridgeSink(bus=bus, session=session).publish([an_event(7)])

    (event,) = heard()

    assert event["source"] == "headrace"
    assert event["detail-type"] == "stage:failed"
    assert event["time"] == "2026-11-22T12:00:00Z"
    assert event["detail"] == {
        "id": "event-07",
        "type": "stage:failed",
        "at": "2026-11-22T12:00:00.007Z",
        "run_id": "run-1",
        "workflow_id": "reports",
        "stage_id": "split",
        "generation": 0,
        "attempt": 2,
        "sequence": "0007",
        "detail": {"error": {"message": "Größe"}, "will_retry": True},
    }


def test_what_stands_before_the_first_refusal_is_accepted(bus: str) -> None:
    session = a_session()
    mouth = Mouth(
        session,
        "events.PutEvents",
        {"Entries": [TAKEN] * 10},
        {"Entries": [TAKEN, REFUSED, TAKEN, BUSY, *[TAKEN] * 6]},
    )
    events = [an_event(nth) for nth in range(25)]

    answer = EventBridgeSink(bus=bus, session=session).publish(events)

    assert list(answer.accepted) == events[:11]
    assert answer.refusal == "MalformedDetail: Detail is malformed."
    assert len(mouth.calls) == 2


def test_the_first_may_be_refused(bus: str) -> None:
    session = a_session()
    Mouth(session, "events.PutEvents", {"Entries": [REFUSED, TAKEN]})

    answer = EventBridgeSink(bus=bus, session=session).publish([an_event(1), an_event(2)])

    assert answer == Published(accepted=[], refusal="MalformedDetail: Detail is malformed.")


@pytest.mark.parametrize(
    "trouble",
    [
        {"ErrorCode": "InternalFailure"},
        {"ErrorCode": "AccessDeniedException"},
        {"ErrorCode": "NotAuthorizedForSourceException"},
        {"ErrorCode": "InvalidAccountIdException"},
        {"ErrorCode": "NobodyHasHeardOfItException"},
        {"ErrorCode": "InvalidArgument", "ErrorMessage": "Parameter EventBusName is not valid."},
        {"ErrorCode": "InvalidArgument", "ErrorMessage": "Parameter Source is not valid."},
    ],
    ids=str,
)
def test_what_would_befall_every_event_is_no_refusal_of_one(
    bus: str, trouble: dict[str, str]
) -> None:
    session = a_session()
    Mouth(session, "events.PutEvents", {"Entries": [trouble]}, {"Entries": [TAKEN, trouble]})
    sink = EventBridgeSink(bus=bus, session=session)

    with pytest.raises(UnavailableError, match=f"^The bus '{bus}' "):
        sink.publish([an_event(1)])
    answer = sink.publish([an_event(1), an_event(2)])

    assert answer == Published(accepted=[an_event(1)])


def test_a_bus_too_busy_for_the_first_has_not_refused_it(bus: str) -> None:
    session = a_session()
    Mouth(session, "events.PutEvents", {"Entries": [BUSY, TAKEN]})

    with pytest.raises(UnavailableError, match=f"^The bus '{bus}' is too busy to answer"):
        EventBridgeSink(bus=bus, session=session).publish([an_event(1), an_event(2)])


def test_a_bus_too_busy_for_the_next_has_taken_those_before(bus: str) -> None:
    session = a_session()
    Mouth(session, "events.PutEvents", {"Entries": [TAKEN, BUSY]})

    answer = EventBridgeSink(bus=bus, session=session).publish([an_event(1), an_event(2)])

    assert answer == Published(accepted=[an_event(1)])


def test_large_events_share_no_request(bus: str, heard: Callable[[], Sequence[Any]]) -> None:
    session = a_session()
    mouth = Mouth(session, "events.PutEvents")
    events = [replace(an_event(nth), detail={"text": "x" * 100_000}) for nth in range(5)]

    answer = EventBridgeSink(bus=bus, session=session).publish(events)

    assert list(answer.accepted) == events
    assert len(mouth.calls) == 3


def test_an_event_too_large_for_aws_is_refused_and_those_before_it_are_not(bus: str) -> None:
    session = a_session()
    Mouth(
        session,
        "events.PutEvents",
        {"Entries": [TAKEN]},
        refusal("ValidationException"),
    )
    events = [an_event(1), replace(an_event(2), detail={"text": "x" * 2_000_000}), an_event(3)]

    answer = EventBridgeSink(bus=bus, session=session).publish(events)

    assert answer == Published(accepted=[an_event(1)], refusal="ValidationException: no")


def test_a_request_that_is_wrong_for_all_is_a_mistake(bus: str) -> None:
    session = a_session()
    Mouth(session, "events.PutEvents", refusal("ValidationException"))

    with pytest.raises(ClientError, match="ValidationException"):
        EventBridgeSink(bus=bus, session=session).publish([an_event(1), an_event(2)])


def test_a_bus_that_is_not_there_says_which_setting_to_check(session: Session) -> None:
    sink = EventBridgeSink(bus="nowhere", session=session)

    with pytest.raises(UnavailableError, match=r"'nowhere' does not exist; check HEADRACE_BUS\.$"):
        sink.publish([an_event()])


def test_a_bus_that_does_not_answer_is_named(bus: str) -> None:
    session = a_session()
    Mouth(session, "events.PutEvents", EndpointConnectionError(endpoint_url="https://example.org"))

    with pytest.raises(UnavailableError, match=f"^The bus '{bus}' is out of reach"):
        EventBridgeSink(bus=bus, session=session).publish([an_event()])
