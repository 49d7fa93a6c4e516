"""A process that runs one body, as seen from the process that has it run."""

import atexit
import os
import pickle
import signal
import sys
import threading
import weakref
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from contextvars import copy_context
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from typing import Any, Final

from adapters.system import cell_inside
from adapters.system.cell_inside import DONE, READY, STOP, Assignment
from adapters.system.far_ports import carried_out, packed
from adapters.system.printed import PrintedLines
from kernel.ports.sandbox import BodyLostError

_CHUNK: Final = 64 * 1024
# As much as a pipe holds, whatever its size is here.
_CHUNKS_LEFT: Final = 16
_CRASHES: Final = frozenset({signal.SIGABRT, signal.SIGBUS, signal.SIGSEGV})
# To start one looks at all others, and two that look at once would take each other's exit code.
_looking: Final = threading.Lock()


class Cell:
    """One process, from its start to its end.

    Args:
        ports: What its calls are carried out on.

    Attributes:
        outcome: What its procedure returned or raised, or how it was lost; once that is known.
    """

    def __init__(self, assignment: Assignment, ports: Any, lines: PrintedLines) -> None:
        # Whoever gave what cannot travel learns it here.
        self._assignment = packed(assignment)
        self._memory_limit = assignment.memory_limit
        self._ports = ports
        self._lines = lines
        self.outcome: Future[Any] = Future()
        context = get_context("forkserver")
        self._channel, channel = context.Pipe()
        orders, self._orders = context.Pipe(duplex=False)
        self._printed, printed = context.Pipe(duplex=False)
        life, self._life = context.Pipe(duplex=False)
        self._process: ForkServerProcess = context.Process(
            target=cell_inside.main, args=(channel, orders, printed, life)
        )
        try:
            with _looking:
                self._process.start()
        finally:
            for theirs in (channel, orders, printed, life):
                theirs.close()
        self._pid = self._process.pid or 0
        self._is_over = False
        _running.add(self)
        self._serving = threading.Thread(
            target=copy_context().run, args=(self._serve,), name="sandbox", daemon=True
        )
        self._serving.start()

    def stop(self) -> None:
        """Ask the body to stop."""
        with suppress(OSError):
            self._orders.send_bytes(STOP)

    def end(self, within: timedelta) -> None:
        """End the process with all that it has started, whatever that is doing."""
        self.kill()
        # A call that is being carried out may take longer; nobody waits for its answer.
        self._serving.join(within.total_seconds())
        for mine in (self._orders, self._life):
            mine.close()
        _running.discard(self)

    def kill(self) -> None:
        if self._is_over or not self._pid:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            # It may have had no time to make a group of its own.
            os.kill(self._pid, signal.SIGKILL)

    def _serve(self) -> None:
        """Carry out what it asks for and take what it prints, until it is gone."""
        sources: list[Any] = [self._channel, self._printed, self._process.sentinel]
        while self._process.sentinel not in (ready := wait(sources)):
            for source, heed in ((self._printed, self._print), (self._channel, self._answer)):
                if source in ready and not heed():
                    sources.remove(source)
        with suppress(EOFError, OSError):
            while self._channel.poll() and self._answer():
                pass
        lost = BodyLostError(self._end())
        self._drain()
        self._settle(lost)
        for end in (self._channel, self._printed):
            end.close()

    def _answer(self) -> bool:
        """Answer one question; return whether there may be more."""
        try:
            # What comes through the pipe is of the user's own code, trusted as the worker's is.
            what, *more = pickle.loads(self._channel.recv_bytes())  # noqa: S301
            if what == DONE:
                self._finish(*more)
            elif what == READY:
                self._channel.send_bytes(self._assignment)
            else:
                self._channel.send_bytes(carried_out(self._ports, (what, *more)))
        except (EOFError, OSError):
            return False
        except Exception as error:  # noqa: BLE001 - a body can reach the pipe, and write what it likes
            reason = f"The process of the body says what nobody understands: {error!r}."
            self._settle(BodyLostError(reason))
            return False
        return True

    def _finish(self, outcome: bytes) -> None:
        try:
            succeeded, value = pickle.loads(outcome)  # noqa: S301
        except Exception as error:  # noqa: BLE001 - its class may be made so that it cannot
            succeeded, value = False, RuntimeError(f"What came of it cannot be read: {error!r}")
        if succeeded:
            with suppress(InvalidStateError):
                self.outcome.set_result(value)
        else:
            self._settle(value)

    def _settle(self, failure: Exception) -> None:
        with suppress(InvalidStateError):
            self.outcome.set_exception(failure)

    def _print(self) -> bool:
        printed = os.read(self._printed.fileno(), _CHUNK)
        self._lines.take(printed)
        return bool(printed)

    def _drain(self) -> None:
        """Take what is left in the pipe. Who has left the group may go on printing into it."""
        os.set_blocking(self._printed.fileno(), False)
        with suppress(BlockingIOError):
            for _ in range(_CHUNKS_LEFT):
                self._print()
        self._lines.end()

    def _end(self) -> str:
        with _looking:
            self._process.join()
            code = self._process.exitcode
            self._process.close()
        # What it has started is in its group, and may live on.
        self.kill()
        self._is_over = True
        return _in_words(code or 0, self._memory_limit)


def _in_words(code: int, memory_limit: int | None) -> str:
    if code >= 0:
        return f"The process of the body ended by itself, with exit code {code}."
    number = -code
    name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
    if number in _CRASHES and memory_limit is not None:
        hint = f"native code crashed, perhaps at its memory_limit of {memory_limit} MiB"
    elif number in _CRASHES:
        hint = "native code crashed; the log may have the lines that called it"
    elif number == signal.SIGKILL:
        hint = "somebody killed it, perhaps the system because memory was short"
    else:
        hint = "somebody sent it that signal"
    return f"The process of the body was ended by {name}: {hint}."


_running: Final[weakref.WeakSet[Cell]] = weakref.WeakSet()


def _kill_all() -> None:
    """An orderly end waits for processes, and one that takes no signals would never end."""
    for cell in tuple(_running):
        cell.kill()


atexit.register(_kill_all)


def preload(package: str) -> None:
    """Let processes begin with what this one has loaded of *package*; the first call counts."""
    inside = (name for name in tuple(sys.modules) if f"{name}.".startswith(f"{package}."))
    get_context("forkserver").set_forkserver_preload([cell_inside.__name__, *sorted(inside)])
