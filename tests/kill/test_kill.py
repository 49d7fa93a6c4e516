"""Whoever is killed, whenever: every run ends as it should, and nothing is done twice."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.system.clock import SystemClock
from kernel.dispatch import Kernel
from tests.e2e.patience import LONG, is_quiet, until
from tests.kill import faults, roles
from tests.kill.account import Account, on_ministack, on_moto
from tests.kill.hearing import Hearing
from tests.kill.killing import Crew, at_work, kill_now_and_then
from tests.kill.ledger import lines

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "20"))
# What is still to be ordered when the killing is over may take so long, each.
A_RUN = timedelta(seconds=5)
SEED = int(os.environ.get("SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)


@pytest.fixture(params=[on_moto, pytest.param(on_ministack, marks=pytest.mark.ministack)])
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    """Return an account that this process looks into as well."""
    with request.param(tmp_path) as account, pytest.MonkeyPatch.context() as patch:
        for name, value in account.environment.items():
            patch.setenv(name, value)
        yield account


def test_runs_survive_the_death_of_any_process_at_any_moment(
    account: Account, tmp_path: Path
) -> None:
    ours, hearing, clock = roles.kernel(), Hearing(account=account), SystemClock()
    print(f"\n{account.emulator}: {KILLS} kills, seed {SEED}")

    with at_work({**account.environment, roles.RUNS: str(KILLS)}) as crew:
        kill_now_and_then(crew, kills=KILLS, seed=SEED)
        (tmp_path / roles.ENOUGH).touch()
        calm_at = clock.now()
        with suppress(TimeoutError):
            until(lambda: not unfinished(ours), within=LONG + KILLS * A_RUN)
        recovery = clock.now() - calm_at
        left = unfinished(ours)
    until(lambda: not hearing.listen())

    print(told(crew, hearing, recovery))
    assert left == []
    assert crew.killed.total() == KILLS
    assert faults.found(ours, hearing.of) == []
    assert crew.surprises == []
    assert created(hearing) == {each["run"] for each in lines("orders")}


def unfinished(ours: Kernel) -> list[str]:
    """Return what is still to come: runs, and orders for runs."""
    orders = lines("orders")
    going = [
        f"{order}: {ours.ports.persistence.snapshot(order['run'])}"
        for order in orders
        if not roles.is_over(ours, order) or not is_quiet(ours.ports, order["run"])
    ]
    is_ordered = len(orders) == len(lines("begun")) >= KILLS
    return going if is_ordered else [*going, "an order"]


def created(hearing: Hearing) -> set[str]:
    """Return which runs were ever created, by what was told of it."""
    events = hearing.events.values()
    return {each["run_id"] for each in events if each["type"] == "workflow:created"}


def told(crew: Crew, hearing: Hearing, recovery: timedelta) -> str:
    flows = Counter(each["flow"] for each in lines("orders"))
    lost = sum("WORKER_LOST" in str(each["detail"]) for each in hearing.events.values())
    repeats = hearing.arrivals - len(hearing.events)
    return "\n".join(
        [
            f"  killed: {dict(crew.killed)}; stood still for too long: {crew.thawed}",
            f"  runs: {flows.total()}, {dict(flows)}",
            f"  attempts: {len(lines('bodies'))}, of which {lost} were lost with their worker",
            f"  events: {len(hearing.events)}, of which {repeats} arrived again",
            f"  all ordered, over and quiet {recovery.total_seconds():.1f} s after the last kill",
        ]
    )
