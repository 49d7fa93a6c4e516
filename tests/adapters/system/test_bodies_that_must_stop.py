"""A body that is late, not wanted any more, or without its worker ends, whatever it is doing."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from adapters.system.executor import LocalExecutor
from adapters.system.sandbox import ProcessSandbox
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.execute_job import ExecuteJobResult, JobOutcome
from tests.adapters.system.bad_bodies import load
from tests.adapters.system.lone_bodies import (
    PATIENCE,
    SHORT,
    eventually,
    is_alive,
    run,
    saved,
    with_processes,
)
from tests.support.moves import begin, execute
from tests.support.world import World

ROOT: Final = Path(__file__).parents[3]


@pytest.fixture
def world() -> World:
    return with_processes()


@contextmanager
def doomed_worker(name: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Yield a worker that runs the body, and the processes that the body says it is."""
    program = [sys.executable, "-m", "tests.adapters.system.doomed_worker", name]
    with subprocess.Popen(
        program, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        yield worker, [int(each) for each in worker.stdout.readline().split()]


@pytest.mark.parametrize(
    "name", ["blocks_signals", "never_yields", "holds_the_interpreter", "stands_still"]
)
def test_a_body_that_heeds_nothing_is_killed(world: World, name: str) -> None:
    began = monotonic()

    run_id, result = run(world, name)

    process = int(saved(world, run_id, name, "process"))
    assert result.error is not None
    assert result.error.code == "STAGE_TIMEOUT"
    assert eventually(lambda: not is_alive(process))
    assert monotonic() - began < PATIENCE


@pytest.mark.parametrize("name", ["heeds", "sleeps"])
def test_a_body_that_is_late_is_told_and_may_tidy_up(world: World, name: str) -> None:
    sandbox = ProcessSandbox(load, package="tests", grace=timedelta(seconds=PATIENCE))
    world.ports = replace(world.ports, sandbox=sandbox)

    run_id, result = run(world, name)

    assert saved(world, run_id, name, "told") == "to stop"
    assert result.error is not None
    assert result.error.code == "STAGE_TIMEOUT"


def test_a_body_learns_that_its_run_is_cancelled(world: World) -> None:
    run_id = begin(world, "waits_for_cancel")

    with ThreadPoolExecutor() as pool:
        answered = pool.submit(execute, world, run_id, "waits_for_cancel")
        key = f"runs/{run_id}/waits_for_cancel/0-1/files/process"
        assert eventually(lambda: world.ports.blobs.exists(key))
        world.dispatch(CancelRun(run_id=run_id))
        result = answered.result(PATIENCE)

    assert result.outcome is JobOutcome.DISCARDED
    assert saved(world, run_id, "waits_for_cancel", "told") == "to stop"
    assert world.run(run_id).status is Status.CANCELLED


def test_a_body_is_stopped_with_its_worker(world: World) -> None:
    executor = LocalExecutor()
    sandbox = ProcessSandbox(load, package="tests", stopped=executor.stopped, grace=SHORT)
    world.ports = replace(world.ports, executor=executor, sandbox=sandbox)
    run_id = begin(world, "lasts")

    with ThreadPoolExecutor() as pool:
        answered: Future[ExecuteJobResult] = pool.submit(execute, world, run_id, "lasts")
        key = f"runs/{run_id}/lasts/0-1/files/process"
        assert eventually(lambda: world.ports.blobs.exists(key))
        executor.stop()
        result = answered.result(PATIENCE)

    assert result.error is not None
    assert "to end" in result.error.message
    assert eventually(lambda: not is_alive(int(saved(world, run_id, "lasts", "process"))))


@pytest.mark.parametrize("name", ["lasts", "sleeps_in_native_code"])
def test_a_body_ends_with_a_worker_that_is_killed(name: str) -> None:
    with doomed_worker(name) as (worker, processes):
        before = [is_alive(each) for each in processes]
        worker.kill()
        worker.wait(PATIENCE)

    assert before
    assert all(before)
    assert eventually(lambda: not any(is_alive(each) for each in processes))


@pytest.mark.parametrize("name", ["lasts", "sleeps_in_native_code"])
def test_a_body_does_not_keep_its_worker_from_ending(name: str) -> None:
    with doomed_worker(name) as (worker, processes):
        assert worker.stdin is not None
        worker.stdin.close()
        code = worker.wait(PATIENCE)

    assert (code, bool(processes)) == (0, True)
    assert eventually(lambda: not any(is_alive(each) for each in processes))
