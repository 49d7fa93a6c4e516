"""Machines whose clocks are off go by the store's, from their first decision on."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import boto3
import pytest
from moto import mock_aws

from adapters.dynamodb.persistence import dynamo_persistence
from adapters.memory.entropy import SeededEntropy
from adapters.system.clock import SystemClock
from functions import wiring
from functions.host import ServerlessHost
from functions.local.atomic_moto import atomic_moto
from functions.settings import LAMBDA
from kernel.commands.claim_stage import ClaimStageResult
from kernel.commands.reap_lease import ReapLease
from kernel.errors import UnavailableError
from kernel.model.status import Status
from kernel.procedures.reap_leases import ReapStale
from tests.functions.test_settings import GOOD
from tests.support.aws import REGION
from tests.support.moves import begin, claim
from tests.support.tables import make_table
from tests.support.world import World, memory_ports

TABLE: Final = "headrace"
OFFS: Final = [timedelta(minutes=minutes) for minutes in (-10, -5, 5, 10)]
A_MOMENT: Final = timedelta(seconds=5)
ids: Final = pytest.mark.parametrize("off", OFFS, ids=str)


@pytest.fixture
def table() -> Iterator[str]:
    with atomic_moto(), mock_aws():
        make_table(boto3.client("dynamodb", region_name=REGION), TABLE)
        yield TABLE


def machine(table: str, off: timedelta = timedelta(), *, hears: bool = True) -> World:
    """Return the engine on a machine whose clock is *off*: as `wiring` makes it, or deaf."""
    clock = SystemClock(machine=lambda: datetime.now(UTC) + off)
    persistence = dynamo_persistence(
        table=table,
        region=REGION,
        clock=clock,
        entropy=SeededEntropy(),
        listener=clock if hears else None,
    )
    if hears:
        clock.consult_first(lambda: persistence.idempotency("clock", "now"))
    return World(ports=memory_ports(clock=clock, persistence=persistence))


def status(world: World, run_id: str) -> Status:
    return world.stages(run_id)["first"].status


def lease_end(claimed: ClaimStageResult) -> timedelta:
    """Return how long the lease lasts that was won just now."""
    assert claimed.standing is not None
    lease = claimed.standing.stage.lease
    assert lease is not None
    return lease.expires_at - datetime.now(UTC)


def test_a_deaf_machine_would_reap_live_leases(table: str) -> None:
    run_id = begin(machine(table), "three")
    claim(machine(table), run_id, "first")

    ServerlessHost(machine(table, OFFS[-1], hears=False).kernel).run_maintenance_tick()

    assert status(machine(table), run_id) is Status.PENDING


@ids
def test_a_tick_leaves_live_leases_alone_however_far_its_clock_is_off(
    table: str, off: timedelta
) -> None:
    run_id = begin(machine(table), "three")
    claim(machine(table), run_id, "first")

    ServerlessHost(machine(table, off).kernel).run_maintenance_tick()

    stage = machine(table).stages(run_id)["first"]
    assert (stage.status, stage.attempt) == (Status.RUNNING, 1)


@ids
def test_the_very_first_decision_of_a_process_is_made_by_the_stores_clock(
    table: str, off: timedelta
) -> None:
    run_id = begin(machine(table), "three")
    claim(machine(table), run_id, "first")
    key = machine(table).stages(run_id)["first"].key

    reaped = machine(table, off).dispatch(ReapLease(key=key)).stage

    assert reaped is None
    assert status(machine(table), run_id) is Status.RUNNING


@ids
def test_a_lease_ends_when_it_should_however_far_the_workers_clock_is_off(
    table: str, off: timedelta
) -> None:
    run_id = begin(machine(table), "three")

    claimed = claim(machine(table, off), run_id, "first")

    assert abs(lease_end(claimed) - timedelta(minutes=5)) < A_MOMENT


@ids
def test_a_run_is_dated_by_the_stores_clock(table: str, off: timedelta) -> None:
    run_id = begin(machine(table, off), "three")

    assert abs(machine(table).run(run_id).created_at - datetime.now(UTC)) < A_MOMENT


@ids
def test_the_threads_of_one_process_agree_from_the_beginning(table: str, off: timedelta) -> None:
    run_id = begin(machine(table), "three")
    claim(machine(table), run_id, "first")
    world = machine(table, off)

    threads = [
        threading.Thread(target=lambda: world.dispatch(ReapStale(limit=10))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert status(machine(table), run_id) is Status.RUNNING


@ids
@pytest.mark.usefixtures("table")
def test_the_wiring_lets_the_clock_hear_the_store(
    off: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    class OffClock(SystemClock):
        def __init__(self) -> None:
            super().__init__(machine=lambda: datetime.now(UTC) + off)

    for name, value in {**GOOD, "HEADRACE_TABLE": TABLE}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(wiring, "SystemClock", OffClock)
    wiring.forget()

    now = wiring.ports().clock.now()

    wiring.forget()
    assert abs(now - datetime.now(UTC)) < A_MOMENT


@pytest.mark.usefixtures("table")
def test_on_lambda_the_store_is_asked_while_the_process_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**GOOD, "HEADRACE_TABLE": TABLE, LAMBDA: "127.0.0.1:9001"}.items():
        monkeypatch.setenv(name, value)
    asked: list[object] = []

    class NotedClock(SystemClock):
        def asks(self) -> None:
            asked.append(self)
            super().asks()

    monkeypatch.setattr(wiring, "SystemClock", NotedClock)
    wiring.forget()
    wiring.prepare()
    before = list(asked)

    wiring.ports().clock.now()

    wiring.forget()
    assert len(before) == 1
    assert asked == before


@pytest.mark.usefixtures("table")
def test_a_store_that_does_not_answer_while_lambda_starts_is_asked_again_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {**GOOD, LAMBDA: "127.0.0.1:9001"}.items():
        monkeypatch.setenv(name, value)

    class AwayClock(SystemClock):
        def now(self) -> datetime:
            raise UnavailableError("DynamoDB is out of reach.")

    monkeypatch.setattr(wiring, "SystemClock", AwayClock)
    wiring.forget()

    wiring.prepare()

    wiring.forget()
