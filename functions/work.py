"""The worker as a process, in a container or on any machine: `python -m functions.work`."""

import argparse
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any, Final, NoReturn

from functions import wiring
from functions.discovery import DiscoveryError
from functions.health import HealthError, telling_health
from functions.settings import SettingsError, WorkSettings
from functions.telemetry import logger
from functions.worker_host import WorkerHost
from kernel.dispatch import Kernel
from kernel.engine import engine
from kernel.errors import EngineError, RejectedError

FAILED: Final = 1
BAD_INPUT: Final = 2
LEFT_BEHIND: Final = 3
_STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
# How often it is looked whether a body was left behind, in seconds.
_LOOK: Final = 1.0
_TICK: Final = timedelta(minutes=1)
_AT_ONCE: Final = timedelta()
_MISTAKES: Final = (SettingsError, DiscoveryError, HealthError, RejectedError)


class Signals:
    """Hears the first signal to stop; the second one ends the process at once."""

    def __init__(self) -> None:
        # An event cannot be set by a signal that comes while it is waited for; this can.
        self._heard: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.is_heard = False
        for each in _STOPPING:
            signal.signal(each, self._hear)

    def heard_within(self, seconds: float) -> bool:
        with suppress(queue.Empty):
            self._heard.get(timeout=seconds)
        return self.is_heard

    def _hear(self, number: int, _frame: object) -> None:
        if self.is_heard:
            os._exit(128 + number)
        self.is_heard = True
        self._heard.put(number)


def work(settings: WorkSettings) -> int:
    """Work until a signal comes; return the code that the process is to end with.

    What is wrong at the start is said in one sentence, on standard error.
    """
    signals = Signals()
    try:
        return _worked(settings, _kernel(settings), signals)
    except _MISTAKES as error:
        return _refused(error, BAD_INPUT)
    except Exception as error:  # noqa: BLE001 - nobody else will say it
        return _refused(error, FAILED)


def _kernel(settings: WorkSettings) -> Kernel:
    """Return the kernel, which runs bodies in processes of their own unless it is not to."""
    made = wiring.kernel()
    return engine(made.ports, replace(made.policy, isolates=settings.isolate))


def _worked(settings: WorkSettings, kernel: Kernel, signals: Signals) -> int:
    wiring.prepare()
    host = WorkerHost(
        kernel,
        queues=settings.queues,
        threads=settings.threads,
        worker_id=settings.worker_id,
        lease=settings.lease,
        grace=settings.grace,
        ticks=_TICK if settings.tick else None,
        hidden=settings.hidden,
    )
    with telling_health(settings.health, lambda: (host.is_well, asdict(host.get_stats()))) as at:
        host.start()
        logger.info("worker ready", extra={"health": at, **asdict(host.get_stats())})
        _wait(host, signals)
        if _stopped(host):
            return 0
    logger.error("This process ends: a body that cannot be stopped may still be running in it.")
    return LEFT_BEHIND


def _wait(host: WorkerHost, signals: Signals) -> None:
    """Return when a signal comes; or a body was left behind, and what is beside it has ended."""
    while not signals.heard_within(_LOOK):
        if not host.tainted:
            continue
        if not host.get_stats().is_draining:
            logger.error("A body cannot be stopped: this process takes no more, and ends soon.")
        host.drain()
        if host.is_idle_within(_AT_ONCE):
            return


def _stopped(host: WorkerHost) -> bool:
    """Stop it, beside this thread: a signal need not wake one that waits, and is heard here."""
    ended: list[bool] = []
    stopping = threading.Thread(target=lambda: ended.append(host.stop()), daemon=True)
    stopping.start()
    while stopping.is_alive():
        stopping.join(_LOOK)
    return ended == [True]


def _refused(error: Exception, code: int) -> int:
    sentence = error.message if isinstance(error, EngineError) else str(error) or repr(error)
    sys.stderr.write(f"Error: {' '.join(sentence.split())}\n")
    return code


def leave(code: int) -> NoReturn:
    """End this process, whatever threads bodies have left in it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main(words: Sequence[str] | None = None) -> int:
    try:
        settings = WorkSettings.from_environment(**_options(words))
    except SettingsError as error:
        return _refused(error, BAD_INPUT)
    return work(settings)


def _options(words: Sequence[str] | None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(
        prog="python -m functions.work",
        description="Answer the bells of some queues until SIGTERM or SIGINT comes.",
        epilog="What is left out is read from HEADRACE_WORK_QUEUES, HEADRACE_WORK_THREADS, ...",
    )
    parser.add_argument(
        "--queue", dest="queues", action="append", metavar="NAME", help="again for each queue"
    )
    parser.add_argument("--threads", help="how many bells are answered at once")
    parser.add_argument("--tick", action="store_true", default=None, help="tick every minute")
    parser.add_argument(
        "--no-isolation",
        dest="isolate",
        action="store_false",
        default=None,
        help="run bodies in this process, but for stages that ask for one of their own",
    )
    parser.add_argument("--grace", metavar="SECONDS", help="for bodies, once it is to stop")
    parser.add_argument("--health", metavar="HOST:PORT", help="where GET /health is answered")
    return vars(parser.parse_args(words))


if __name__ == "__main__":
    leave(main())
