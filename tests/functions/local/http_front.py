"""HTTP on 127.0.0.1, for clients that must be seen on a wire: what a server hears and answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SESSION: Final = "a session"
OWNER: Final = Credentials("AKIDOWNER", "the owner's secret", SESSION)
REGION: Final = "eu-central-1"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A request as it came in."""

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_signed(self) -> bool:
        """Whether API Gateway would take it for the owner's."""
        authorization = self.headers.get("Authorization", "")
        signed = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        given = {name.lower(): value for name, value in self.headers.items()}
        request = AWSRequest(
            method=self.method,
            url=self.url,
            data=self.body,
            headers={name: given[name] for name in signed},
        )
        request.context["timestamp"] = given.get("x-amz-date", "")
        auth = SigV4Auth(OWNER, "execute-api", REGION)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return authorization.endswith(f"Signature={auth.signature(text, request)}")


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Heard], Reply]


@dataclass(kw_only=True)
class Front:
    """A server; *heard* is all that was sent to it."""

    url: str
    heard: list[Heard] = field(default_factory=list)


@contextmanager
def front(answer: Answer) -> Iterator[Front]:
    """Serve what *answer* says."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            heard = Heard(
                method=self.command,
                url=f"{served.url}{self.path}",
                path=self.path,
                headers=dict(self.headers),
                body=self.rfile.read(length),
            )
            served.heard.append(heard)
            reply = answer(heard)
            content = reply.body.encode()
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - so it is called
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Front(url=f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def saying(status: int, body: object) -> Answer:
    """Return a server's whole wisdom; *body* goes out as JSON, unless it is text."""
    text = body if isinstance(body, str) else json.dumps(body)
    return lambda _: Reply(status=status, body=text)
