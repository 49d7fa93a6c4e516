"""Workers over a kernel on memory whose bodies have threads of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.memory import SkippingClock
from adapters.system.executor import LocalExecutor
from functions import wiring
from functions.settings import Settings
from functions.worker_host import WorkerHost
from kernel.dispatch import Kernel
from tests.kill.account import Account, on_moto
from tests.support.workflows import ALL
from tests.support.world import World, memory_ports
from tests.working import flows
from tests.working.gates import AN_INSTANT, Gate, Moody, Worker


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture
def transport(clock: SkippingClock) -> Moody:
    return Moody(clock=clock, queues=("heavy",))


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock()


@pytest.fixture
def world(clock: SkippingClock, transport: Moody, gate: Gate) -> World:
    known = (*ALL, gate.workflow("slow"), gate.workflow("heavy", queue="heavy"))
    executor = LocalExecutor(grace=AN_INSTANT)
    ports = memory_ports(known, clock=clock, transport=transport, executor=executor)
    return World(ports=ports)


@pytest.fixture
def worker(world: World, gate: Gate) -> Iterator[Worker]:
    """Make workers, and stop those that a test leaves behind."""
    made: list[WorkerHost] = []

    def make(**options: Any) -> WorkerHost:
        made.append(WorkerHost(world.kernel, worker_id="worker-7", **options))
        return made[-1]

    yield make
    gate.opened.set()
    for each in made:
        each.stop()


@pytest.fixture
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    """Open an account for processes, on moto where a test asks for no other; this one sees it."""
    opened = getattr(request, "param", on_moto)(tmp_path)
    with opened as account, pytest.MonkeyPatch.context() as patch:
        told = {"HEADRACE_WORKFLOWS": flows.__name__, "HEADRACE_PUBLISHED_EVENTS": "*"}
        ours = {**account.environment, **told}
        for name, value in ours.items():
            patch.setenv(name, value)
        yield replace(account, environment=ours)


@pytest.fixture
def environment(account: Account) -> Mapping[str, str]:
    """What a worker in the account is told."""
    return account.environment


@pytest.fixture
def kernel(account: Account) -> Kernel:
    return wiring.assemble(Settings.from_environment())
