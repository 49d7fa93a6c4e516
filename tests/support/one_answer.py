"""DynamoDB as a function meets it when it starts: whatever is asked, there is one answer."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

from tests.support.quiet_server import QuietHandler, serving


def with_layout(number: int) -> Mapping[str, Any]:
    """Return what DynamoDB says where the table has that layout."""
    key = {"S": "LAYOUT"}
    return {"Item": {"pk": key, "sk": key, "layout": {"N": str(number)}}}


def denying(action: str, resource: str) -> Mapping[str, Any]:
    """Return what AWS says to a role that may not do *action*."""
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/worker/headrace is not authorized to"
        f" perform: {action} on resource: {resource} because no identity-based policy allows"
        f" the {action} action"
    )
    return {"__type": "com.amazon.coral.service#AccessDeniedException", "Message": message}


@contextmanager
def one_answer(answer: Mapping[str, Any]) -> Iterator[str]:
    """Give *answer* to every request, and yield where to ask."""
    body = json.dumps(answer).encode()

    class Handler(QuietHandler):
        def do_POST(self) -> None:  # noqa: N802 - its own name
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(400 if "__type" in answer else 200)
            self.send_header("Date", formatdate(usegmt=True))
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    with serving(Handler) as address:
        yield f"http://{address}"
