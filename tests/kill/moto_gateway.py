"""moto behind a port, for processes that share an account; a process of its own.

moto's own server wants packages that nothing else here needs. It ends with whoever started it.
"""

import re
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto.core.botocore_stubber import BotocoreStubber

from functions.local.atomic_moto import atomic_moto

# Every request says by whom it is signed, and so for what.
_SIGNED_FOR: Final = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/")
_LOCAL: Final = "127.0.0.1"


class Door(BaseHTTPRequestHandler):
    """Hands a request on as if it had gone to AWS."""

    protocol_version = "HTTP/1.1"
    # Whoever is served must not wait for the rest of a small answer.
    wbufsize = -1
    disable_nagle_algorithm = True

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        content = self.rfile.read(length)
        if len(content) < length:
            # Who asked was killed in the middle of it. AWS takes no half requests.
            self.close_connection = True
            return
        signed = _SIGNED_FOR.search(self.headers.get("Authorization", ""))
        region, service = signed.groups() if signed else ("us-east-1", "s3")
        headers = HTTPHeaders()
        for name, value in self.headers.items():
            headers[name] = value
        url = f"https://{service}.{region}.amazonaws.com{self.path}"
        request = AWSPreparedRequest(self.command, url, headers, content, stream_output=False)
        status, answered, body = BotocoreStubber().process_request(request) or (404, {}, b"")
        self._send(status, dict(answered), body.encode() if isinstance(body, str) else body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}:
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()


class House(ThreadingHTTPServer):
    """Its guests may be gone before they are served."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


def main() -> None:
    """Say the port on standard output, and serve until standard input ends."""
    with atomic_moto(), House((_LOCAL, 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
