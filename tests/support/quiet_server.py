"""An HTTP server on this machine, for processes that are killed while they talk to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

HOST: Final = "127.0.0.1"


class QuietHandler(BaseHTTPRequestHandler):
    """Answers at once; as it comes, each answer would wait for 40 milliseconds."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its own name
        """Say nothing; others look at what was said."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever is killed hangs up."""


@contextmanager
def serving(handler: type[QuietHandler]) -> Iterator[str]:
    """Serve, and yield where, as host and port."""
    server = _Server((HOST, 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
