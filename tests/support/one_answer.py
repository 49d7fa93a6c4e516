"""DynamoDB as a function meets it when it starts: whatever is asked, there is one answer."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HOST: Final = "127.0.0.1"


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

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(400 if "__type" in answer else 200)
            self.send_header("Date", formatdate(usegmt=True))
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
