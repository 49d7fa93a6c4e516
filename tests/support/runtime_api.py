"""Lambda's side of a function: the API that a real runtime client asks, on this machine."""

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.support.quiet_server import QuietHandler, serving

_ARN: Final = "arn:aws:lambda:us-east-1:123456789012:function:headrace"
# No machine is so slow; whoever waits longer waits for ever.
_PATIENCE: Final = 60
_A_WHILE_MS: Final = 30_000


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a function said: its answer, or why it failed."""

    path: str
    body: Mapping[str, Any]
    at: float

    @property
    def is_answer(self) -> bool:
        return self.path.endswith("/response")


@dataclass
class RuntimeApi:
    """Hands events to one function, and hears what it says to them."""

    address: str = ""
    events: "queue.SimpleQueue[object]" = field(default_factory=queue.SimpleQueue)
    said: "queue.SimpleQueue[Told]" = field(default_factory=queue.SimpleQueue)
    asked_at: list[float] = field(default_factory=list)
    """When it asked for an event; it does when it has started."""

    def answer(self, event: object) -> Told:
        """Return what the function says to *event*."""
        self.events.put(event)
        return self.hear()

    def hear(self) -> Told:
        return self.said.get(timeout=_PATIENCE)


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()

    class Handler(_Handler):
        runtime = api

    with serving(Handler) as api.address:
        try:
            yield api
        finally:
            # Whoever still waits for an event is told that there is none.
            api.events.put(None)


@contextmanager
def function(
    api: RuntimeApi, handler: str, *, root: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """Start *handler* of the code in *root* as Lambda does, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "awslambdaric", handler],
        cwd=root,
        env={
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_LAMBDA_FUNCTION_NAME": "headrace",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": "headrace",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_REGION": "us-east-1",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "LAMBDA_TASK_ROOT": str(root),
            # What lies in Lambda's folder cannot be written to.
            "PYTHONDONTWRITEBYTECODE": "1",
            "_HANDLER": handler,
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


class _Handler(QuietHandler):
    runtime: RuntimeApi

    def do_GET(self) -> None:  # noqa: N802 - its own name
        self.runtime.asked_at.append(time.perf_counter())
        event = self.runtime.events.get()
        self._reply(
            200 if event is not None else 500,
            json.dumps(event).encode(),
            {
                "Lambda-Runtime-Aws-Request-Id": "8f5d1c9e-0b1a-4c5d-9e7f-2a3b4c5d6e7f",
                "Lambda-Runtime-Deadline-Ms": str(round(time.time() * 1000) + _A_WHILE_MS),
                "Lambda-Runtime-Invoked-Function-Arn": _ARN,
                "Content-Type": "application/json",
            },
        )

    def do_POST(self) -> None:  # noqa: N802 - its own name
        at, body = time.perf_counter(), self._body()
        self.runtime.said.put(Told(path=self.path, body=json.loads(body or b"{}"), at=at))
        self._reply(202, b"{}", {})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return b"".join(self._chunks())

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _reply(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
