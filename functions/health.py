"""`GET /health`, for whoever starts a new process where one is no longer well."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias

_PATH: Final = "/health"
# Whoever asks and then says nothing holds a thread; not for ever.
_PATIENCE: Final = 5

Look: TypeAlias = Callable[[], tuple[bool, Mapping[str, Any]]]


class HealthError(Exception):
    """Nobody can be told, at that address."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], look: Look) -> None:
        super().__init__(address, _Asked)
        self.look = look

    def handle_error(self, *_: object) -> None:
        """Say nothing: whoever asked has gone."""


class _Asked(BaseHTTPRequestHandler):
    timeout = _PATIENCE
    server: _Server

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != _PATH:
            self._say(HTTPStatus.NOT_FOUND, {"detail": f"There is {_PATH}, and nothing else."})
            return
        is_well, facts = self.server.look()
        status = HTTPStatus.OK if is_well else HTTPStatus.SERVICE_UNAVAILABLE
        self._say(status, {"is_well": is_well, **facts})

    def log_message(self, *_: object) -> None:
        """Say nothing: it is asked every few seconds."""

    def _say(self, status: HTTPStatus, facts: Mapping[str, Any]) -> None:
        content = json.dumps(facts).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def telling_health(address: str | None, look: Look) -> Iterator[str | None]:
    """Answer at *address*, such as `127.0.0.1:8080`; yield where that is, with the real port.

    Args:
        address: None: nobody asks.
        look: Says whether all is well, and the facts.

    Raises:
        HealthError: The address is taken, or is none of this machine.
    """
    if address is None:
        yield None
        return
    host, _, port = address.rpartition(":")
    try:
        server = _Server((host, int(port)), look)
    except (OSError, OverflowError) as error:
        raise HealthError(f"Nobody can be told of health at {address}: {error}.") from error
    with server:
        threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
        yield f"{host}:{server.server_address[1]}"
        server.shutdown()
