"""How many stages a worker does in a second, by its threads: `python -m tests.working`.

In an emulated account, whose answers take as long as its one process needs for them: with bodies
that wait, it is the threads that are measured; with bodies of nothing, it is the emulator.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from functions import wiring
from functions.settings import Settings
from functions.worker_host import WorkerHost
from kernel.dispatch import Kernel
from kernel.model.json import Json
from kernel.procedures.create_run import CreateRun
from tests.e2e.patience import until
from tests.kill.account import on_moto
from tests.working import flows

THREADS: Final = (1, 2, 4, 8)
BODIES: Final = (0.25, 0.0)
RUNS: Final = 16
STAGES: Final = 2 * RUNS


def measured(kernel: Kernel, *, threads: int, seconds: float) -> float:
    """Return how many stages a second are done of runs that all wait at the beginning."""
    given: dict[str, Json] = {"seconds": seconds}
    for _ in range(RUNS):
        run_id = kernel.ports.entropy.token()
        kernel.dispatch(CreateRun(run_id=run_id, workflow_id="pausing", input=given))
    host = WorkerHost(kernel, threads=threads)
    began = time.monotonic()
    host.start()
    # Each run has a bell to start it, too.
    until(lambda: host.get_stats().jobs_processed >= STAGES + RUNS)
    took = time.monotonic() - began
    host.stop()
    return STAGES / took


def told(figures: Mapping[tuple[int, float], float]) -> Sequence[str]:
    heads = [f"bodies of {seconds:g} s" for seconds in BODIES]
    lines = [f"{'threads':>8}" + "".join(f"{head:>20}" for head in heads)]
    for threads in THREADS:
        row = (f"{figures[threads, seconds]:>12.1f} stages/s" for seconds in BODIES)
        lines.append(f"{threads:>8}" + "".join(row))
    return lines


def in_an_account(*, threads: int, seconds: float) -> float:
    """Measure in an account of its own: the emulator gets slower with all that it has seen."""
    with TemporaryDirectory() as place, on_moto(Path(place)) as account:
        os.environ.update({**account.environment, "HEADRACE_WORKFLOWS": flows.__name__})
        kernel = wiring.assemble(Settings.from_environment())
        return measured(kernel, threads=threads, seconds=seconds)


def main() -> int:
    figures = {
        (threads, seconds): in_an_account(threads=threads, seconds=seconds)
        for threads in THREADS
        for seconds in BODIES
    }
    print("\n".join(told(figures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
