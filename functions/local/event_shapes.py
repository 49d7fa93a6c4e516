"""The events that AWS hands to functions, made from what happens here; `events/` has samples."""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

ACCOUNT: Final = "123456789012"
HOST: Final = "local.execute-api.us-east-1.amazonaws.com"
SOURCE_IP: Final = "127.0.0.1"
USER_AGENT: Final = "headrace-local"

# Who calls: the API's authorizer has let them in by their signature.
_CALLER: Final = {
    "accessKey": "AKIALOCAL",
    "accountId": ACCOUNT,
    "callerId": "AIDALOCAL",
    "cognitoIdentity": None,
    "principalOrgId": "o-local",
    "userArn": f"arn:aws:iam::{ACCOUNT}:user/local",
    "userId": "AIDALOCAL",
}


def sqs_event(messages: Sequence[Mapping[str, Any]], *, arn: str) -> dict[str, Any]:
    """Return what a function gets of *messages*, as `receive_message` gave them.

    Args:
        arn: Of the queue they come from.
    """
    return {"Records": [_record(message, arn) for message in messages]}


def tick_event(moment: datetime, *, rule: str, region: str) -> dict[str, Any]:
    """Return what a cron *rule* sends at *moment*."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": [f"arn:aws:events:{region}:{ACCOUNT}:rule/{rule}"],
        "detail": {},
    }


def api_event(
    route: str,
    path: str,
    *,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return an HTTP request as API Gateway hands it on, in payload format 2.0.

    Args:
        route: Its key, such as `GET /runs/{run_id}`.
        parameters: What the path has in the places that the route names.
    """
    now = datetime.now(UTC)
    event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": _headers(body, now) | {k.lower(): v for k, v in (headers or {}).items()},
        "requestContext": _request_context(route, path, now),
        "isBase64Encoded": False,
    }
    given = {"queryStringParameters": query, "pathParameters": parameters, "body": body}
    return event | {name: value for name, value in given.items() if value}


def _record(message: Mapping[str, Any], arn: str) -> dict[str, Any]:
    attributes = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message["Attributes"]),
        "messageAttributes": {name: _attribute(each) for name, each in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    value = (
        {"binaryValue": base64.b64encode(attribute["BinaryValue"]).decode()}
        if "BinaryValue" in attribute
        else {"stringValue": attribute["StringValue"]}
    )
    lists: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    return {**value, **lists, "dataType": attribute["DataType"]}


def _headers(body: str | None, now: datetime) -> dict[str, str]:
    content = {"content-type": "application/json"} if body else {}
    return content | {
        "accept": "application/json",
        "accept-encoding": "gzip, deflate",
        "content-length": str(len((body or "").encode())),
        "host": HOST,
        "user-agent": USER_AGENT,
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
        "x-amzn-trace-id": f"Root=1-{int(now.timestamp()):08x}-{uuid4().hex[:24]}",
        "x-forwarded-for": SOURCE_IP,
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    }


def _request_context(route: str, path: str, now: datetime) -> dict[str, Any]:
    return {
        "accountId": ACCOUNT,
        "apiId": HOST.partition(".")[0],
        "authorizer": {"iam": dict(_CALLER)},
        "domainName": HOST,
        "domainPrefix": HOST.partition(".")[0],
        "http": {
            "method": route.partition(" ")[0],
            "path": path,
            "protocol": "HTTP/1.1",
            "sourceIp": SOURCE_IP,
            "userAgent": USER_AGENT,
        },
        "requestId": uuid4().hex[:16],
        "routeKey": route,
        "stage": "$default",
        "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
        "timeEpoch": int(now.timestamp() * 1000),
    }
