"""What the processes do until they are killed: answer bells, tick, order runs and cancel some."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any, Final

from ulid import ULID

from functions import wiring
from functions.host import ServerlessHost
from functions.settings import Settings
from functions.worker_host import WorkerHost
from kernel.dispatch import Kernel
from kernel.engine import engine
from kernel.errors import EngineError
from kernel.model.policy import Policy
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.create_run import CreateRun
from kernel.procedures.rerun_from import RerunFrom
from tests.kill.ledger import folder, lines, note

POLICY: Final = "KILL_POLICY"
ENOUGH: Final = "enough"
# How many runs there are to be at least, whatever becomes of the client.
RUNS: Final = "KILL_RUNS"
ORDERS: Final = ("line", "fork", "batch", "flaky", "doomed", "endless")
# Which are rerun once they are over, and from which stage.
RERUNS: Final = {"line": "second", "fork": "middle", "doomed": "first"}

_AT_ONCE: Final = 10
_PAUSE: Final = timedelta(seconds=0.2)
_BRIEFLY: Final = timedelta(seconds=2)
_TICK: Final = timedelta(seconds=30)


def policy() -> Policy:
    """Return the policy that the environment shortens: spans in seconds, and numbers."""
    given: dict[str, Any] = json.loads(os.environ[POLICY])
    spans = {field.name for field in fields(Policy) if field.type is timedelta}
    written: dict[str, Any] = {
        name: timedelta(seconds=value) if name in spans else value for name, value in given.items()
    }
    return Policy(published=("*",), **written)


def kernel() -> Kernel:
    """Return a kernel over what the environment names, as the functions have it."""
    return engine(wiring.assemble(Settings.from_environment()).ports, policy())


def play(role: str, parent: int) -> None:
    """Play *role* for as long as *parent* lives. What AWS does not answer is asked again."""
    ours = kernel()
    turn = ROLES[role](ours)
    while os.getppid() == parent:
        try:
            turn()
        except EngineError as error:
            note("troubles", role=role, error=repr(error))
            ours.ports.clock.sleep(_PAUSE)


def _worker(ours: Kernel) -> Callable[[], object]:
    host = ServerlessHost(ours, worker_id=f"worker-{os.getpid()}")
    return lambda: host.process_available_jobs(max_jobs=10)


def _host(ours: Kernel) -> Callable[[], object]:
    """Work as a process that stays does, with leases much shorter than the stages' timeouts."""
    host = WorkerHost(
        ours, worker_id=f"host-{os.getpid()}", threads=2, lease=_BRIEFLY, hidden=_BRIEFLY
    )
    host.start()
    return lambda: ours.ports.clock.sleep(_PAUSE)


def _tick(ours: Kernel) -> Callable[[], object]:
    host = ServerlessHost(ours, worker_id=f"tick-{os.getpid()}")

    def turn() -> None:
        done = host.run_maintenance_tick(_TICK)
        note("ticks", released=done.stale_released, rung=done.rung, failed=done.failed)
        ours.ports.clock.sleep(_PAUSE)

    return turn


def _client(ours: Kernel) -> Callable[[], object]:
    return Client(ours).turn


class Client:
    """Keeps some runs going until there are enough; reruns some, cancels those without an end.

    Whoever takes its place after it was killed does the same again: with the same key for the
    same order, and with a cancel for what may be cancelled already.
    """

    def __init__(self, ours: Kernel) -> None:
        self._kernel = ours
        self._orders: list[Mapping[str, Any]] = [*lines("orders")]
        self._begun = len(lines("begun"))
        self._cancelled = {each["run"] for each in lines("cancels")}
        self._over: set[str] = set()
        self._wanted = int(os.environ[RUNS])

    def turn(self) -> None:
        if self._begun > len(self._orders):
            self._finish_order()
        going = [order for order in self._orders if not self._is_over(order)]
        for order in going:
            self._see_to(order)
        enough = (folder() / ENOUGH).exists() and len(self._orders) >= self._wanted
        if enough or len(going) >= _AT_ONCE:
            self._kernel.ports.clock.sleep(_PAUSE)
            return
        note("begun", nth=self._begun)
        self._begun += 1

    def _finish_order(self) -> None:
        nth = len(self._orders)
        flow = ORDERS[nth % len(ORDERS)]
        command = CreateRun(
            run_id=str(ULID()),
            workflow_id=flow,
            input={"value": nth},
            idempotency_key=f"order-{nth}",
        )
        order = {"nth": nth, "flow": flow, "run": self._kernel.dispatch(command).run_id}
        note("orders", **order)
        self._orders.append(order)

    def _is_over(self, order: Mapping[str, Any]) -> bool:
        run_id = order["run"]
        if run_id not in self._over and is_over(self._kernel, order):
            self._over.add(run_id)
        return run_id in self._over

    def _see_to(self, order: Mapping[str, Any]) -> None:
        """Cancel what is well under way and has no end; rerun what is over for the first time."""
        run_id, flow = order["run"], order["flow"]
        run = self._kernel.ports.persistence.run(run_id)
        if flow == "endless" and run.cursor > 1 and run_id not in self._cancelled:
            self._kernel.dispatch(CancelRun(run_id=run_id, reason="enough of it"))
            note("cancels", run=run_id, left=standing_of(self._kernel, run_id))
            self._cancelled.add(run_id)
        if flow in RERUNS and run.status.is_terminal and run.generation == 0:
            key = f"again-{order['nth']}"
            again = RerunFrom(run_id=run_id, stage_id=RERUNS[flow], idempotency_key=key)
            self._kernel.dispatch(again)


def is_over(ours: Kernel, order: Mapping[str, Any]) -> bool:
    """Whether the run is over, for the second time where it is to be rerun."""
    run = ours.ports.persistence.run(order["run"])
    return run.status.is_terminal and run.generation == (order["flow"] in RERUNS)


def standing_of(ours: Kernel, run_id: str) -> Sequence[Any]:
    """Return how far each stage of the run is."""
    stages = ours.ports.persistence.snapshot(run_id).stages
    return [[stage.id, stage.status, stage.attempt, stage.polls] for stage in stages]


ROLES: Final[Mapping[str, Callable[[Kernel], Callable[[], object]]]] = {
    "worker": _worker,
    "host": _host,
    "tick": _tick,
    "client": _client,
}
