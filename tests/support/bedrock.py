"""Bedrock on this machine: it speaks its wire format, and says what it was told to say."""

import binascii
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from tests.support.quiet_server import QuietHandler, serving

_EVENTS: Final = "application/vnd.amazon.eventstream"


@dataclass(frozen=True, kw_only=True)
class Said:
    """One answer, whole or as a stream, or both: then it is what is asked for.

    *events*: those of a stream; *lines*: the same as other providers send them.

    *breaks_off*: hang up in the middle.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    events: Sequence[tuple[str, Any]] = ()
    lines: Sequence[Any] = ()
    breaks_off: bool = False


@dataclass(frozen=True, kw_only=True)
class Heard:
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]

    @property
    def model(self) -> str:
        return unquote(self.path.split("/")[2])


@dataclass
class Bedrock:
    """What it will say, in order, and what it heard."""

    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    answers: list[Said] = field(default_factory=list)

    def will_say(self, *answers: Said) -> None:
        self.answers.extend(answers)

    def answer(self, heard: Heard) -> Said:
        self.heard.append(heard)
        return self.answers.pop(0)


def saying(
    *content: Mapping[str, Any],
    stop: str = "end_turn",
    usage: Mapping[str, int] | None = None,
) -> Said:
    """Return what Converse answers."""
    counted = usage or {"inputTokens": 12, "outputTokens": 5, "totalTokens": 17}
    message = {"role": "assistant", "content": [*content]}
    body = {
        "output": {"message": message},
        "stopReason": stop,
        "usage": counted,
        "metrics": {"latencyMs": 1},
    }
    return Said(body=body)


def refusing(code: str, message: str = "no", *, status: int = 400, **headers: str) -> Said:
    """Return how Bedrock says no."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(
        status=status, body={"message": message}, headers={"x-amzn-ErrorType": code, **names}
    )


@contextmanager
def bedrock(cloud: Bedrock) -> Iterator[Bedrock]:
    """Serve *cloud*, whose `url` says where."""

    class Handler(_Handler):
        side = cloud

    with serving(Handler) as address:
        cloud.url = f"http://{address}"
        yield cloud


class _Handler(QuietHandler):
    side: Bedrock

    def do_GET(self) -> None:  # noqa: N802 - its own name
        self._serve()

    def do_POST(self) -> None:  # noqa: N802 - its own name
        self._serve()

    def _serve(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        heard = Heard(
            method=self.command,
            path=self.path,
            body=json.loads(text) if text else None,
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        said = self.side.answer(heard)
        whole = said.body is not None and not _wants_stream(heard)
        if said.events and not whole:
            self._stream(said)
        elif said.lines and not whole:
            sent = "".join(_line(line) for line in said.lines)
            self._send(said.status, "text/event-stream", sent.encode(), said)
        else:
            self._send(said.status, "application/json", json.dumps(said.body).encode(), said)

    def _stream(self, said: Said) -> None:
        body = b"".join(framed(kind, content) for kind, content in said.events)
        if said.breaks_off:
            self.close_connection = True
            self._send(200, _EVENTS, body, said, promised=len(body) + 100)
        else:
            self._send(200, _EVENTS, body, said)

    def _send(
        self, status: int, kind: str, body: bytes, said: Said, *, promised: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(promised or len(body)))
        for name, value in said.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _wants_stream(heard: Heard) -> bool:
    body = heard.body if isinstance(heard.body, dict) else {}
    return heard.path.endswith("-stream") or bool(body.get("stream"))


def _line(line: Any) -> str:
    text = line if isinstance(line, str) else json.dumps(line)
    name = f"event: {line['type']}\n" if isinstance(line, dict) and "type" in line else ""
    return f"{name}data: {text}\n\n"


def framed(kind: str, content: Any) -> bytes:
    """Return one event of a stream: lengths, headers, JSON, and two check sums."""
    exception = kind.endswith("Exception")
    word = "exception" if exception else "event"
    headers = _header(f":{word}-type", kind) + _header(":message-type", word)
    headers += _header(":content-type", "application/json")
    payload = json.dumps(content).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", binascii.crc32(prelude)) + headers + payload
    return message + struct.pack("!I", binascii.crc32(message))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(text)) + text
