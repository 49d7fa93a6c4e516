"""One run ends in the same records whatever drives it: memory, handlers on moto, ministack."""

from collections.abc import Sequence
from typing import Any

import pytest

from functions import wiring
from functions.host import ServerlessHost
from functions.local.stack import LocalStack
from kernel.model.json import Json
from kernel.model.status import Status
from tests.e2e import flows
from tests.e2e.deployment import Deployment
from tests.e2e.patience import is_quiet, until
from tests.e2e.records import record_of
from tests.support.world import A_MINUTE, World, memory_ports

ORDERS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("voyage", {"tons": 4}),
    ("shipwreck", {"tons": 7}),
)


def in_memory() -> Sequence[Any]:
    """Drive a kernel on memory by hand, as a loop in one process would."""
    world = World(ports=memory_ports([flows.voyage, flows.shipwreck]))
    run_ids = [world.create(workflow_id, given) for workflow_id, given in ORDERS]
    host = ServerlessHost(world.kernel)

    def moved_on() -> bool:
        host.process_available_jobs(max_jobs=100)
        world.pass_time(A_MINUTE)
        return all(is_quiet(world.ports, run_id) for run_id in run_ids)

    until(moved_on)
    return [record_of(world.ports, run_id) for run_id in run_ids]


def on_moto() -> Sequence[Any]:
    """Let moto's queues feed the handlers in this process."""
    with LocalStack(workflows=flows.__name__) as stack:
        bodies = [{"workflow_id": each, "input": given} for each, given in ORDERS]
        run_ids = [stack.request("POST", "/runs", body).body["run_id"] for body in bodies]
        until(lambda: all(is_quiet(wiring.ports(), run_id) for run_id in run_ids))
        return [record_of(wiring.ports(), run_id) for run_id in run_ids]


def on_mappings(deployment: Deployment) -> Sequence[Any]:
    """Let ministack's queues feed the handlers in processes of their own."""
    run_ids = [deployment.start(workflow_id, given) for workflow_id, given in ORDERS]
    until(lambda: all(is_quiet(deployment.ports, run_id) for run_id in run_ids))
    return [record_of(deployment.ports, run_id) for run_id in run_ids]


def told(*ways: str, records: Sequence[Any]) -> str:
    """Say what was compared."""
    stages = [stage for record in records for stage in record["stages"]]
    fields = sum(len(each) for each in (*stages, *(record["run"] for record in records)))
    return f"{' and '.join(ways)}: {len(records)} runs of {len(stages)} stages, {fields} fields"


def test_a_run_ends_in_the_same_records_in_memory_and_on_moto() -> None:
    memory = in_memory()

    moto = on_moto()

    print(f"\n{told('memory', 'moto', records=moto)}")
    assert [record["run"]["status"] for record in memory] == [Status.COMPLETED, Status.FAILED]
    assert moto == memory


@pytest.mark.ministack
def test_a_run_ends_in_the_same_records_on_ministack(deployment: Deployment) -> None:
    memory = in_memory()

    ministack = on_mappings(deployment)

    print(f"\n{told('memory', 'ministack', records=ministack)}")
    assert [len(record["stages"]) for record in ministack] == [6, 2]
    assert ministack == memory
