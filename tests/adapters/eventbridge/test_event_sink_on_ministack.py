"""The bus keeps its port's promises on the second emulator too."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from boto3.session import Session

from adapters.eventbridge.event_sink import EventBridgeSink
from tests.conformance.event_sink import EventSinkContract
from tests.support.aws import a_session
from tests.support.ministack import Ministack

pytestmark = pytest.mark.ministack


@pytest.fixture(scope="module")
def session(on_ministack: Ministack) -> Session:
    return a_session()


@pytest.fixture
def bus(session: Session) -> str:
    name = f"bus-{uuid4()}"
    session.client("events").create_event_bus(Name=name)
    return name


@pytest.fixture
def heard(session: Session, bus: str) -> Callable[[], Iterator[Any]]:
    """Return what yields all that a subscriber to the bus has heard."""
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

    return listen


class TestEventBridgeSinkOnMinistack(EventSinkContract):
    @pytest.fixture
    def sink(self, bus: str, session: Session) -> EventBridgeSink:
        return EventBridgeSink(bus=bus, session=session)

    @pytest.fixture
    def arrived(self, heard: Callable[[], Iterator[Any]]) -> Callable[[], Sequence[str]]:
        return lambda: [event["detail"]["id"] for event in heard()]
