"""What the stack hands to functions has the shape of what AWS hands them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.local.event_shapes import api_event, sqs_event, tick_event
from functions.local.template import TEMPLATE

ARN = "arn:aws:sqs:us-east-1:123456789012:bells"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def sample(name: str) -> Any:
    return json.loads((TEMPLATE.parent / "events" / name).read_text(encoding="utf-8"))


def shape(node: Any) -> Any:
    """Return *node* with the kinds of its values in place of them."""
    match node:
        case dict():
            return {key: shape(value) for key, value in node.items()}
        case list():
            return [shape(value) for value in node]
        case _:
            return type(node).__name__


def a_message(**others: Any) -> dict[str, Any]:
    return {
        "MessageId": "m-1",
        "ReceiptHandle": "r-1",
        "Body": "ding",
        "MD5OfBody": "0cc175b9c0f1b6a831c399e269772661",
        "Attributes": {
            "ApproximateReceiveCount": "1",
            "AWSTraceHeader": "Root=1-1-1",
            "SentTimestamp": "1795359430123",
            "SenderId": "AROA",
            "MessageGroupId": "hello",
            "ApproximateFirstReceiveTimestamp": "1795359430132",
        },
        **others,
    }


def test_a_message_becomes_a_record_like_the_sample() -> None:
    message = a_message()

    event = sqs_event([message], arn=ARN)

    assert shape(event) == shape(sample("sqs_job.json"))
    assert event["Records"][0]["eventSourceARN"] == ARN
    assert event["Records"][0]["awsRegion"] == "us-east-1"


def test_a_messages_own_attributes_come_along() -> None:
    message = a_message(
        MessageAttributes={
            "kind": {"DataType": "String", "StringValue": "start"},
            "seal": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
    )

    [record] = sqs_event([message], arn=ARN)["Records"]

    lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "kind": {"dataType": "String", "stringValue": "start", **lists},
        "seal": {"dataType": "Binary", "binaryValue": "AP8=", **lists},
    }


def test_a_tick_looks_like_the_sample() -> None:
    rule = "headrace-TickFunctionEveryMinute"

    event = tick_event(NOON, rule=rule, region="us-east-1")

    assert shape(event) == shape(sample("schedule_tick.json"))
    assert event["time"] == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize(
    "name",
    [
        "api_create_run.json",
        "api_show_run.json",
        "api_cancel_run.json",
        "api_list_calls.json",
        "api_raise_budget.json",
        "api_list_workflows.json",
    ],
)
def test_a_request_looks_like_the_sample(name: str) -> None:
    theirs = sample(name)
    key = {"idempotency-key": "k"} if "idempotency-key" in theirs["headers"] else {}

    ours = api_event(
        theirs["routeKey"],
        theirs["rawPath"],
        body=theirs.get("body"),
        headers=key,
        parameters=theirs.get("pathParameters"),
    )

    assert shape(ours) == shape(theirs)
    assert ours["rawPath"] == theirs["rawPath"]
    assert ours["requestContext"]["http"]["method"] == theirs["routeKey"].split()[0]


def test_a_query_is_given_both_as_text_and_in_pieces() -> None:
    query = {"limit": "3", "after": "a b"}

    event = api_event("GET /runs", "/runs", query=query)

    assert event["rawQueryString"] == "limit=3&after=a+b"
    assert event["queryStringParameters"] == query
