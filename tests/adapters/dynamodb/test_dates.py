"""Every response tells what time it is for DynamoDB."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.hooks import HierarchicalEmitter

from adapters.dynamodb.dates import let_hear
from adapters.dynamodb.persistence import DynamoPersistence, dynamo_persistence
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from kernel.errors import NotFoundError, UnavailableError
from tests.conformance.persistence_ground import given_run
from tests.support.aws import REGION
from tests.support.builders import NOON


class Note:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.asked = 0
        self.told: list[datetime] = []

    def asks(self) -> None:
        self.asked += 1

    def hears(self, told: datetime) -> None:
        self.told.append(told)


@pytest.fixture
def note() -> Note:
    return Note()


@pytest.fixture
def listening(table: str, note: Note) -> DynamoPersistence:
    return persistence(table, note)


def persistence(table: str, note: Note) -> DynamoPersistence:
    return dynamo_persistence(
        table=table,
        region=REGION,
        clock=SkippingClock(),
        entropy=SeededEntropy(),
        listener=note,
    )


def test_reads_and_writes_tell_it(listening: DynamoPersistence, note: Note) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)

    given_run(listening, "run-1")
    listening.run("run-1")

    assert note.asked == len(note.told) == 3
    assert all(before < told < datetime.now(UTC) for told in note.told)


def test_an_empty_answer_tells_it(listening: DynamoPersistence, note: Note) -> None:
    with pytest.raises(NotFoundError):
        listening.run("run-1")

    assert len(note.told) == 1


@pytest.mark.usefixtures("aws")
def test_an_error_tells_it(note: Note) -> None:
    with pytest.raises(UnavailableError):
        persistence("nowhere", note).run("run-1")

    assert len(note.told) == 1


@pytest.mark.parametrize(
    "response",
    [None, {"headers": {}}, {"headers": {"date": "soon"}}],
    ids=["none", "no date", "no moment"],
)
def test_what_tells_no_time_is_passed_over(note: Note, response: Any) -> None:
    events = HierarchicalEmitter()
    let_hear(note, events)

    events.emit("response-received.dynamodb.GetItem", response_dict=response)

    assert note.told == []


def test_it_is_told_once_however_often_it_was_to_be(note: Note) -> None:
    events = HierarchicalEmitter()
    let_hear(note, events)
    let_hear(note, events)

    events.emit("request-created.dynamodb.GetItem")
    events.emit(
        "response-received.dynamodb.GetItem",
        response_dict={"headers": {"date": "Thu, 01 Jan 2026 12:00:00 GMT"}},
    )

    assert note.asked == 1
    assert note.told == [NOON]


def test_every_try_of_a_request_is_told(listening: DynamoPersistence, note: Note) -> None:
    given_run(listening, "run-1")
    note.told.clear()
    answers = [busy()]
    events = client_events(listening)
    events.register_first("before-send.dynamodb", lambda **_: answers.pop() if answers else None)

    listening.run("run-1")

    assert note.told[0] == NOON
    assert len(note.told) == 2


def busy() -> Any:
    """Return the answer of a table that is too busy just now."""
    headers: Any = {"date": "Thu, 01 Jan 2026 12:00:00 GMT"}
    response: Any = AWSResponse("https://dynamodb", 400, headers, None)
    # What was read of the wire is kept there.
    response._content = b'{"__type": "ThrottlingException", "message": "busy"}'  # noqa: SLF001
    return response


def client_events(persistence: Any) -> Any:
    """Return the events of the client behind *persistence*, which has no public way to them."""
    return persistence._items._connection.client.meta.events  # noqa: SLF001
