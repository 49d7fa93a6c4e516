"""The second emulator: a process of its own, from an environment of its own (`make ministack`)."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import pytest

from tests.support.aws import REGION

_ROOT: Final = Path(__file__).parents[2]
PYTHON: Final = _ROOT / ".venv-ministack" / "bin" / "python"
HOST: Final = "127.0.0.1"
ACCOUNT: Final = "000000000000"

_LAUNCHER: Final = Path(__file__).with_name("skipping_ministack.py")
_STARTS: Final = 3
_NAP: Final = 0.1
_LONGEST_START: Final = timedelta(minutes=2)
_LONGEST_ANSWER: Final = 60
_LONGEST_STOP: Final = 10

# Nothing but the gateway listens, and that on this machine only.
_SETTINGS: Final = {
    "BIND_HOST": HOST,
    "MINISTACK_HOST": HOST,
    "MINISTACK_REGION": REGION,
    "MINISTACK_ACCOUNT_ID": ACCOUNT,
    "IOT_MTLS_ENABLED": "0",
    "SFTP_ENABLED": "0",
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True, kw_only=True)
class Ministack:
    """A running emulator. Real threads and processes may use it at once."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def environment(self) -> Mapping[str, str]:
        """What takes every AWS client of a process here: boto3's as well as PynamoDB's."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
        }

    def reset(self) -> None:
        """Forget everything, and go back to the true time."""
        self._set_ahead(0)
        status = _asked("POST", "/_ministack/reset", self.port)
        assert status == 200, f"ministack answered a reset with {status}."

    def skip(self, span: timedelta) -> None:
        """Let *span* pass for queues and schedules; it takes no time here."""
        ahead = float(self._ahead.read_text(encoding="ascii"))
        self._set_ahead(ahead + span.total_seconds())

    def begin_at(self, moment: datetime) -> None:
        """Make it *moment* now; time runs on from there."""
        self._set_ahead((moment - datetime.now(UTC)).total_seconds())

    def stop(self) -> None:
        """End the process, and those that it started. Without us they end by themselves."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_LONGEST_STOP)
        if self.process.stdin:
            self.process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def _ahead(self) -> Path:
        return self.folder / "ahead"

    def _set_ahead(self, seconds: float) -> None:
        # Put in place whole: the emulator reads it at any time.
        draft = self.folder / "ahead.draft"
        draft.write_text(str(seconds), encoding="ascii")
        draft.replace(self._ahead)


def start() -> Ministack:
    """Start one on a free port, and wait until it answers."""
    logs: list[str] = []
    for _ in range(_STARTS):
        emulator = _started()
        if _answers(emulator):
            return emulator
        logs.append(emulator.log)
        emulator.stop()
    message = f"ministack did not start, {_STARTS} times over: {logs[-1]}"
    raise RuntimeError(message)


def _started() -> Ministack:
    folder = Path(tempfile.mkdtemp(prefix="ministack-"))
    (folder / "ahead").write_text("0", encoding="ascii")
    port = _free_port()
    inherited = {name: value for name, value in os.environ.items() if not _is_ours(name)}
    settings = {**_SETTINGS, "GATEWAY_PORT": str(port), "TMPDIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [PYTHON, "-I", _LAUNCHER, folder / "ahead"],
            cwd=folder,
            env=inherited | settings,
            # It ends when this does, however we come to our end.
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A group of its own, to be ended with all that it starts.
            start_new_session=True,
        )
    return Ministack(port=port, folder=folder, process=process)


def _is_ours(name: str) -> bool:
    """Whether the variable would steer the emulator, or this project's code within it."""
    return name.startswith(("AWS_", "HEADRACE_", "MINISTACK_", "LOCALSTACK_", "PYTHON"))


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(emulator: Ministack) -> bool:
    """Wait until it answers; False where it ended instead, as when its port was taken."""
    for _ in range(int(_LONGEST_START.total_seconds() / _NAP)):
        with suppress(OSError, HTTPException):
            return _asked("GET", "/_ministack/health", emulator.port) == 200
        with suppress(subprocess.TimeoutExpired):
            emulator.process.wait(_NAP)
            return False
    return False


def _asked(method: str, path: str, port: int) -> int:
    with closing(HTTPConnection(HOST, port, timeout=_LONGEST_ANSWER)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        answer.read()
        return answer.status


_RUNNING: Final = pytest.StashKey[Ministack]()


@pytest.fixture(scope="session")
def ministack(pytestconfig: pytest.Config) -> Ministack:
    """Return the one of this test run; whichever folder asks first starts it."""
    if not PYTHON.exists():
        pytest.fail("ministack is not installed in .venv-ministack; `make ministack` does that.")
    if _RUNNING not in pytestconfig.stash:
        emulator = start()
        pytestconfig.add_cleanup(emulator.stop)
        pytestconfig.stash[_RUNNING] = emulator
    return pytestconfig.stash[_RUNNING]


@pytest.fixture(scope="module")
def on_ministack(ministack: Ministack) -> Iterator[Ministack]:
    """Lead every AWS client that a module's tests make to an empty emulator."""
    ministack.reset()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ministack.environment.items():
            patch.setenv(name, value)
        yield ministack
    ministack.reset()
