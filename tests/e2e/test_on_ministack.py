"""The whole stack where queues feed processes: they share the work, they die, schedules fire."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ulid import ULID

from adapters.system.clock import SystemClock
from kernel.engine import engine
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.persistence import Snapshot
from kernel.procedures.create_run import CreateRun
from tests.e2e.deployment import STACK, Deployment
from tests.e2e.patience import is_quiet, until

pytestmark = pytest.mark.ministack

RUNS = 12


class LateClock(SystemClock):
    """Behind the true time by *lag*."""

    def __init__(self, lag: timedelta) -> None:
        super().__init__()
        self._lag = lag

    def now(self) -> datetime:
        return super().now() - self._lag


def finished(deployment: Deployment, run_id: str) -> Snapshot:
    until(lambda: is_quiet(deployment.ports, run_id))
    return deployment.ports.persistence.snapshot(run_id)


def outputs(snapshot: Snapshot) -> Mapping[str, Any]:
    """Return what the stages put out, by their ids; all of it is small."""
    results = {stage.id: stage.result for stage in snapshot.stages}
    return {
        id_: getattr(result.output, "value", None) for id_, result in results.items() if result
    }


def test_the_mapping_shares_runs_out_among_processes(deployment: Deployment) -> None:
    run_ids = [deployment.start("places", {"tons": tons}) for tons in range(RUNS)]

    snapshots = [finished(deployment, run_id) for run_id in run_ids]

    places = [place for snapshot in snapshots for place in outputs(snapshot).values()]
    processes = {place["process"] for place in places}
    print(f"\n{len(places)} bodies ran in {len(processes)} processes of the worker function")
    assert {snapshot.run.status for snapshot in snapshots} == {Status.COMPLETED}
    assert len(places) == 2 * RUNS
    assert len({place["parent"] for place in places}) == 1
    assert os.getpid() not in processes


@pytest.mark.slow
def test_a_worker_process_that_dies_is_made_up_for_without_anybody(
    deployment: Deployment,
) -> None:
    run_id = deployment.start("surviving", {"tons": 5})
    died_at = datetime.now(UTC)

    snapshot = finished(deployment, run_id)

    [stage] = snapshot.stages
    waited = (stage.started_at or died_at) - died_at
    print(f"\nthe second attempt began {waited.total_seconds():.0f} s after the first one died")
    assert (snapshot.run.status, stage.attempt) == (Status.COMPLETED, 2)
    assert outputs(snapshot) == {"survive": {"tons": 5}}


@pytest.mark.usefixtures("no_ticks")
def test_a_run_for_later_than_a_queue_can_wait_is_started_by_a_schedule(
    deployment: Deployment,
) -> None:
    # Who creates it lives sixteen minutes ago; to him it is far beyond what SQS can delay.
    lag = timedelta(minutes=16)
    ports = replace(deployment.ports, clock=LateClock(lag))
    now = SystemClock().now()
    start_at = now.replace(microsecond=0) + timedelta(seconds=3)

    command = CreateRun(
        run_id=str(ULID()), workflow_id="ferry", input={"tons": 2}, start_at=start_at
    )
    run_id = engine(ports, Policy()).dispatch(command).run_id
    scheduled = schedules(deployment)
    snapshot = finished(deployment, run_id)

    started_at = snapshot.run.started_at or now
    print(f"\nstarted {(started_at - start_at).total_seconds():.1f} s after its moment")
    assert [each.startswith(run_id) for each in scheduled] == [True]
    assert schedules(deployment) == []
    assert snapshot.run.status is Status.COMPLETED
    assert start_at <= started_at


@pytest.fixture
def no_ticks(deployment: Deployment) -> None:
    """Switch the tick off, which would start a run in its time as well."""
    events = deployment.session.client("events")
    [rule] = [each["Name"] for each in events.list_rules(NamePrefix=STACK)["Rules"]]
    events.disable_rule(Name=rule)


def schedules(deployment: Deployment) -> list[str]:
    found = deployment.session.client("scheduler").list_schedules(
        GroupName=deployment.outputs["ScheduleGroupName"]
    )
    return [each["Name"] for each in found["Schedules"]]
