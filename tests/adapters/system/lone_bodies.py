"""Running bodies in processes of their own, and looking for what is left of them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final

from adapters.system.clock import SystemClock
from adapters.system.sandbox import ProcessSandbox
from kernel.model.failure import Failure
from kernel.procedures.execute_job import ExecuteJobResult, JobOutcome
from tests.adapters.system.bad_bodies import load
from tests.support.moves import begin, execute
from tests.support.world import World, memory_ports

SHORT: Final = timedelta(milliseconds=200)
PATIENCE: Final = 30


def with_processes() -> World:
    """Return a world whose stages may have processes of their own, and whose time passes."""
    sandbox = ProcessSandbox(load, package="tests.support.workflows", grace=SHORT)
    return World(ports=memory_ports(load(), clock=SystemClock(), sandbox=sandbox))


def run(world: World, name: str, value: int = 1) -> tuple[str, ExecuteJobResult]:
    run_id = begin(world, name, value)
    return run_id, execute(world, run_id, name)


def failure_of(world: World, name: str, value: int = 1) -> Failure:
    _, result = run(world, name, value)
    assert (result.outcome, result.will_retry) == (JobOutcome.FAILED, True)
    assert result.error is not None
    return result.error


def saved(world: World, run_id: str, stage_id: str, name: str) -> str:
    return world.ports.blobs.get(f"runs/{run_id}/{stage_id}/0-1/files/{name}").decode()


def is_alive(process: int) -> bool:
    """Whether there is such a process, and it is not merely waiting to be noticed as dead."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.split()[0] != "Z"


def eventually(holds: Callable[[], bool]) -> bool:
    end = monotonic() + PATIENCE
    while not holds():
        if monotonic() > end:
            return False
        threading.Event().wait(0.01)
    return True


def printed(world: World) -> list[str]:
    return [one.message for one in world.logbook.entries if one.fields.get("printed")]
