"""What AWS hands to handlers: the events of `events/`, and a context that counts no time."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from kernel.errors import UnavailableError

EVENTS: Final = Path(__file__).parents[2] / "events"
REQUEST_ID: Final = "8f5d1c9e-0b1a-4c5d-9e7f-2a3b4c5d6e7f"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return event


def with_body(event: Mapping[str, Any], body: object) -> dict[str, Any]:
    """Return the request with another body; text goes as it is, all else as JSON."""
    return {**event, "body": body if isinstance(body, str) else json.dumps(body)}


def about_run(event: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """Return the request with *run_id* in its path."""
    path = "/".join(["/runs", run_id, *event["rawPath"].split("/")[3:]])
    http = {**event["requestContext"]["http"], "path": path}
    context = {**event["requestContext"], "http": http}
    return {**event, "rawPath": path, "requestContext": context}


def metrics(printed: str) -> dict[str, Any]:
    """Return the figures in the one line of embedded metrics that was *printed*."""
    (line,) = [text for text in printed.splitlines() if '"_aws"' in text]
    figures: dict[str, Any] = json.loads(line)
    names = {each["Name"] for each in figures["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    return {name: figures[name] for name in names}


class FakeContext(LambdaContext):
    """An invocation that always has *left* before it is stopped."""

    def __init__(
        self, left: timedelta = timedelta(minutes=15), request_id: str = REQUEST_ID
    ) -> None:
        self._left = left
        self._function_name = "headrace-WorkerFunction"
        self._memory_limit_in_mb = 512
        self._invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:headrace"
        self._aws_request_id = request_id
        self._log_stream_name = "2026/11/22/[$LATEST]0f1e2d3c"

    # Powertools declares it static, which Lambda's own is not.
    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override]
        return round(self._left / timedelta(milliseconds=1))


class MissingTable:
    """Persistence, as the DynamoDB adapter answers where the table is not there."""

    def __getattr__(self, name: str) -> Any:
        message = "The table 'headrace' does not exist; check HEADRACE_TABLE."
        raise UnavailableError(message, variable="HEADRACE_TABLE")
