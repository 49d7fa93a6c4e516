"""Workers that stay, and whatever may happen to a process: nothing lost, and nothing twice."""

import signal
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import pytest

from functions.host import ServerlessHost
from kernel.dispatch import Kernel
from kernel.model.status import Status
from kernel.procedures.create_run import CreateRun
from tests.e2e.patience import is_quiet, until
from tests.kill.account import Account, on_ministack, on_moto
from tests.kill.hearing import Hearing
from tests.kill.ledger import lines
from tests.working.processes import PATIENCE, worker

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize(
        "account",
        [on_moto, pytest.param(on_ministack, marks=pytest.mark.ministack)],
        indirect=True,
    ),
]

# The queues of the account hide what was taken for six seconds.
SHORT: Final = {"HEADRACE_WORK_LEASE": "2", "HEADRACE_WORK_HIDDEN": "2"}


@pytest.fixture
def environment(account: Account) -> Mapping[str, str]:
    return {**account.environment, **SHORT}


@pytest.fixture
def hearing(account: Account) -> Hearing:
    return Hearing(account=account)


def begin(kernel: Kernel, workflow_id: str) -> str:
    """Create a run whose first body waits for the sign `go`."""
    command = CreateRun(run_id=workflow_id, workflow_id=workflow_id, input={"sign": "go"})
    return kernel.dispatch(command).run_id


def attempts(stage_id: str) -> list[int]:
    """Return which attempts of the stage were begun, in that order."""
    return [each["attempt"] for each in lines("bodies") if each["stage"] == stage_id]


def has_begun(kernel: Kernel, stage_id: str, attempt: int) -> bool:
    """Tick; return whether the attempt has begun."""
    ServerlessHost(kernel).run_maintenance_tick()
    return attempt in attempts(stage_id)


def is_completed(kernel: Kernel, run_id: str) -> bool:
    """Tick; return whether the run is completed, and all of its events are out."""
    ServerlessHost(kernel).run_maintenance_tick()
    is_over = kernel.ports.persistence.run(run_id).status is Status.COMPLETED
    return is_over and is_quiet(kernel.ports, run_id)


def completed(hearing: Hearing, run_id: str) -> Sequence[tuple[str, int]]:
    """Return which stages were told to be completed, with the attempt."""
    return [
        (each["stage_id"], each["attempt"])
        for each in hearing.of(run_id)
        if each["type"] == "stage:completed"
    ]


def test_what_a_killed_worker_held_is_done_by_another_one(
    environment: Mapping[str, str], kernel: Kernel, hearing: Hearing, tmp_path: Path
) -> None:
    run_id = begin(kernel, "deafly")
    with worker(environment, tmp_path) as first:
        until(lambda: attempts("deaf"), within=PATIENCE)
        first.gets(signal.SIGKILL)
        first.ended()

    with worker(environment, tmp_path):
        until(lambda: has_begun(kernel, "deaf", 2), within=PATIENCE)
        (tmp_path / "go").touch()
        until(lambda: is_completed(kernel, run_id), within=PATIENCE)
    until(lambda: not hearing.listen())

    assert (attempts("deaf"), attempts("after")) == ([1, 2], [1])
    assert completed(hearing, run_id) == [("deaf", 2), ("after", 1)]


def test_a_body_of_several_leases_keeps_its_own(
    environment: Mapping[str, str], kernel: Kernel, hearing: Hearing, tmp_path: Path
) -> None:
    run_id = begin(kernel, "deafly")
    with worker(environment, tmp_path, "--threads", "2"), worker(environment, tmp_path):
        until(lambda: attempts("deaf"), within=PATIENCE)
        begun = kernel.ports.clock.now()

        until(lambda: has_begun(kernel, "deaf", 2) or seconds_since(kernel, begun) > 9)
        (tmp_path / "go").touch()
        until(lambda: is_completed(kernel, run_id), within=PATIENCE)
    until(lambda: not hearing.listen())

    assert (attempts("deaf"), attempts("after")) == ([1], [1])
    assert completed(hearing, run_id) == [("deaf", 1), ("after", 1)]


def seconds_since(kernel: Kernel, begun: datetime) -> float:
    return (kernel.ports.clock.now() - begun).total_seconds()


def test_a_worker_that_stood_still_beyond_its_lease_changes_nothing_any_more(
    environment: Mapping[str, str], kernel: Kernel, hearing: Hearing, tmp_path: Path
) -> None:
    run_id = begin(kernel, "deafly")
    with worker(environment, tmp_path) as frozen:
        until(lambda: attempts("deaf"), within=PATIENCE)
        frozen.gets(signal.SIGSTOP)
        with worker(environment, tmp_path) as other:
            until(lambda: has_begun(kernel, "deaf", 2), within=PATIENCE)
            frozen.gets(signal.SIGCONT)
            (tmp_path / "go").touch()
            until(lambda: is_completed(kernel, run_id), within=PATIENCE)
            other.gets(signal.SIGTERM)
            code = other.ended()
    until(lambda: not hearing.listen())

    assert code == 0
    assert (attempts("deaf"), attempts("after")) == ([1, 2], [1])
    assert completed(hearing, run_id) == [("deaf", 2), ("after", 1)]


def test_a_worker_that_woke_up_goes_on_with_other_work(
    environment: Mapping[str, str], kernel: Kernel, tmp_path: Path
) -> None:
    first = begin(kernel, "heedingly")
    with worker(environment, tmp_path) as frozen:
        until(lambda: attempts("heeding"), within=PATIENCE)
        frozen.gets(signal.SIGSTOP)
        with worker(environment, tmp_path) as other:
            until(lambda: has_begun(kernel, "heeding", 2), within=PATIENCE)
            other.gets(signal.SIGKILL)
        frozen.gets(signal.SIGCONT)

        (tmp_path / "go").touch()
        second = begin(kernel, "deafly")
        until(lambda: is_completed(kernel, second), within=PATIENCE)
        until(lambda: is_completed(kernel, first), within=PATIENCE)

    assert attempts("heeding") == [1, 2, 3]
    assert attempts("deaf") == [1]


def test_a_body_that_is_told_to_stop_begins_anew_elsewhere_at_once(
    environment: Mapping[str, str], kernel: Kernel, hearing: Hearing, tmp_path: Path
) -> None:
    run_id = begin(kernel, "heedingly")
    with worker(environment, tmp_path, "--grace", "0.5") as first:
        until(lambda: attempts("heeding"), within=PATIENCE)
        first.gets(signal.SIGTERM)
        code = first.ended()

    with worker(environment, tmp_path):
        until(lambda: 2 in attempts("heeding"), within=PATIENCE)
        (tmp_path / "go").touch()
        until(lambda: is_completed(kernel, run_id), within=PATIENCE)
    until(lambda: not hearing.listen())

    assert (code, first.complaint) == (0, "")
    assert (attempts("heeding"), attempts("after")) == ([1, 2], [1])
    assert completed(hearing, run_id) == [("heeding", 2), ("after", 1)]


def test_many_runs_go_through_workers_that_come_and_go(
    environment: Mapping[str, str], kernel: Kernel, hearing: Hearing, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()
    runs = [f"run-{nth}" for nth in range(20)]
    for run_id in runs:
        kernel.dispatch(CreateRun(run_id=run_id, workflow_id="heedingly", input={"sign": "go"}))

    with worker(environment, tmp_path, "--threads", "3") as first:
        until(lambda: len(lines("bodies")) > 2, within=PATIENCE)
        first.gets(signal.SIGKILL)
    with worker(environment, tmp_path, "--threads", "3") as second:
        until(lambda: len(lines("bodies")) > 10, within=PATIENCE)
        second.gets(signal.SIGTERM)
        code = second.ended()
    with worker(environment, tmp_path, "--threads", "3"):
        until(lambda: all(is_completed(kernel, run_id) for run_id in runs), within=PATIENCE)
    until(lambda: not hearing.listen())

    told = [[stage for stage, _ in completed(hearing, run_id)] for run_id in runs]
    assert code == 0
    assert told == [["heeding", "after"]] * len(runs)
