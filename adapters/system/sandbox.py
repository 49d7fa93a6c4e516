"""Stages' code in processes of their own. Nothing of it is loaded before the first of them."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from datetime import UTC, datetime, timedelta
from functools import cached_property
from time import monotonic
from types import ModuleType
from typing import Any, Final

from adapters.system.body_call import watched
from kernel.authoring.workflow import Workflow
from kernel.ports.executor import BodyTimeoutError, Pulse
from kernel.ports.sandbox import BodyLostError, Confines, EngineT, ResultT, TaskT

_NO_TIME: Final = timedelta()


class ProcessSandbox:
    """Runs each procedure in a process that it forks from one which has loaded the workflows.

    It needs a POSIX system. A memory limit holds where there is `/proc`, which is on Linux.

    Args:
        load: Returns the workflows; it can be pickled, as `partial(discover, package)` can.
        package: What processes begin with: the modules of it that this one has loaded.
        stopped: When it is done, all bodies are stopped, and each one that begins from then on.
        grace: How long a body that is to stop may take to tidy up before it is killed.
    """

    def __init__(
        self,
        load: Callable[[], Iterable[Workflow]],
        *,
        package: str,
        stopped: Future[None] | None = None,
        grace: timedelta = timedelta(seconds=2),
    ) -> None:
        self._load = load
        self._package = package
        self._stopped: Future[None] = Future() if stopped is None else stopped
        self._grace = grace
        self._loading = threading.Lock()

    def run(
        self,
        procedure: Callable[[EngineT, TaskT], ResultT],
        task: TaskT,
        *,
        kernel: EngineT,
        confines: Confines,
        pulse: Pulse | None = None,
    ) -> ResultT:
        if confines.within <= _NO_TIME:
            raise BodyTimeoutError("There was no time left for the body.")
        until = monotonic() + confines.within.total_seconds()
        cell = self._begun(procedure, task, kernel, confines)
        try:
            left = max(_NO_TIME, timedelta(seconds=until - monotonic()))
            failure = watched(cell.outcome, within=left, pulse=pulse, stopped=self._stopped)
            if failure is not None:
                cell.stop()
                wait([cell.outcome], self._grace.total_seconds())
                raise failure
        finally:
            cell.end(self._grace)
        result: ResultT = cell.outcome.result()
        return result

    def _begun(self, procedure: Any, task: Any, kernel: Any, confines: Confines) -> Any:
        with self._loading:
            cells = self._cells
        inside = cells.Assignment(
            procedure=procedure,
            task=task,
            load=self._load,
            policy=kernel.policy,
            offset=kernel.ports.clock.now() - datetime.now(UTC),
            memory_limit=confines.memory_limit,
        )
        lines = cells.PrintedLines(kernel.ports.logbook, confines.of)
        try:
            return cells.Cell(inside, kernel.ports, lines)
        except (EOFError, OSError) as error:
            raise BodyLostError(f"No process could be started for the body: {error!r}") from error

    @cached_property
    def _cells(self) -> ModuleType:
        # No function that runs no such body pays for this at its start.
        from adapters.system import cell  # noqa: PLC0415

        cell.preload(self._package)
        return cell
