"""What a process does that runs one body: it has a kernel without a client of its own."""

import faulthandler
import fcntl
import os
import resource
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TextIO

from adapters.system.body_call import BodyCall
from adapters.system.clock import SystemClock
from adapters.system.entropy import RandomEntropy
from adapters.system.far_ports import Channel, FarPort, packed, packed_error
from adapters.system.registry import ProcessRegistry
from kernel.authoring.workflow import Workflow
from kernel.engine import engine
from kernel.model.policy import Policy
from kernel.ports.bundle import Ports
from kernel.ports.executor import AttemptKey, BodyStoppedError, Pulse
from kernel.ports.sandbox import Confines, EngineT, ResultT, TaskT

READY: Final = "ready"
DONE: Final = "done"
STOP: Final = b"s"
_A_MEBIBYTE: Final = 1024 * 1024
_OUT: Final = 1
_ERR: Final = 2
_PAGES: Final = Path("/proc/self/statm")


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What the process is to do, and how it becomes like the one that made it.

    Args:
        load: Returns the workflows.
        offset: How far the other process's clock is ahead of this machine's.
    """

    procedure: Callable[[Any, Any], Any]
    task: Any
    load: Callable[[], Iterable[Workflow]]
    policy: Policy
    offset: timedelta
    memory_limit: int | None


class CellExecutor:
    """Runs bodies in the main thread; somebody else watches the time from outside."""

    tainted = False

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_stopping = False
        self._call: BodyCall | None = None

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    def stop(self) -> None:
        """Ask the body to stop, and cancel it where it is asynchronous."""
        with self._lock:
            self._is_stopping = True
            call = self._call
        if call is not None:
            call.cancel()

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        call = BodyCall(body)
        with self._lock:
            if self._is_stopping:
                raise BodyStoppedError("This process is to end.")
            self._call = call
        call.make()
        return call.result()

    def aside(self, call: Callable[[], Any], *, of: AttemptKey) -> Awaitable[Any]:
        # As where a body is awaited: few need it.
        import asyncio  # noqa: PLC0415

        return asyncio.to_thread(call)


class Here:
    """For who is in a process of its own already."""

    def run(
        self,
        procedure: Callable[[EngineT, TaskT], ResultT],
        task: TaskT,
        *,
        kernel: EngineT,
        confines: Confines,
        pulse: Pulse | None = None,
    ) -> ResultT:
        return procedure(kernel, task)


def main(channel: Connection, orders: Connection, printed: Connection, life: Connection) -> None:
    """Do what the other process assigns, and wait to be ended by it."""
    # Whatever the body starts belongs to this group, which is ended as a whole.
    os.setsid()
    _end_with(life)
    _print_to(printed)
    executor = CellExecutor()
    threading.Thread(
        target=_obey, args=(orders, executor), name="sandbox-orders", daemon=True
    ).start()
    asking = Channel(channel)
    try:
        outcome = packed(_carried_out(asking.ask(READY), asking, executor))
    except BaseException as error:  # noqa: BLE001 - it is raised in the other process
        failure = error if isinstance(error, Exception) else RuntimeError(repr(error))
        outcome = packed_error(failure)
    _flush()
    with suppress(EOFError):
        asking.ask(DONE, outcome)
    _end_group()


def _carried_out(assigned: Assignment, channel: Channel, executor: CellExecutor) -> Any:
    kernel = engine(_ports(assigned, channel, executor), assigned.policy)
    if assigned.memory_limit is not None:
        _limit_memory(assigned.memory_limit)
    return assigned.procedure(kernel, assigned.task)


def _ports(assigned: Assignment, channel: Channel, executor: CellExecutor) -> Ports:
    def far(name: str) -> Any:
        return FarPort(name, channel)

    offset = assigned.offset
    return Ports(
        persistence=far("persistence"),
        blobs=far("blobs"),
        transport=far("transport"),
        sink=far("sink"),
        scheduler=far("scheduler"),
        clock=SystemClock(machine=lambda: datetime.now(UTC) + offset),
        entropy=RandomEntropy(),
        registry=ProcessRegistry(assigned.load()),
        executor=executor,
        sandbox=Here(),
        logbook=far("logbook"),
        meter=far("meter"),
        models=far("models"),
        batches=far("batches"),
        prices=far("prices"),
    )


def _end_with(life: Connection) -> None:
    """Have the system kill the group when the other end is closed, whatever code is running.

    Where it does not offer that, `_obey` does it as soon as a thread of Python gets its turn.
    """
    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(life, fcntl.F_GETFL)
        fcntl.fcntl(life, fcntl.F_SETFL, flags | fcntl.FASYNC)


def _print_to(printed: Connection) -> None:
    for descriptor in _OUT, _ERR:
        os.dup2(printed.fileno(), descriptor)
    printed.close()
    sys.stdout, sys.stderr = _by_line(_OUT), _by_line(_ERR)
    # Where native code crashes, this prints the lines of Python that called it.
    faulthandler.enable()


def _by_line(descriptor: int) -> TextIO:
    """Write at the end of each line: what a body printed that dies is what its author wants."""
    return os.fdopen(descriptor, "w", buffering=1, errors="backslashreplace", closefd=False)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


def _obey(orders: Connection, executor: CellExecutor) -> None:
    """Stop when told to; end at once when nobody is left to tell."""
    with suppress(EOFError, OSError):
        while orders.recv_bytes() == STOP:
            executor.stop()
    _end_group()


def _end_group() -> None:
    os.killpg(0, signal.SIGKILL)


def _limit_memory(mebibytes: int) -> None:
    """Allow that much beyond what is taken by now; where nobody can tell, there is no limit."""
    if _PAGES.exists():
        pages = int(_PAGES.read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + mebibytes * _A_MEBIBYTE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
