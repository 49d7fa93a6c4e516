"""A stage that names a queue runs in the process that serves it, and nowhere else."""

import signal
from collections.abc import Mapping
from pathlib import Path

import boto3
import pytest

from functions import wiring
from functions.settings import Settings
from kernel.dispatch import Kernel
from kernel.model.status import Status
from kernel.procedures.create_run import CreateRun
from kernel.queries.show_run import show_run
from tests.e2e.patience import until
from tests.kill.account import Account
from tests.kill.ledger import lines
from tests.working.processes import PATIENCE, worker

pytestmark = pytest.mark.slow


@pytest.fixture
def environment(account: Account, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """What a worker is told in an account that has a queue of the name."""
    told = {**account.environment, "HEADRACE_QUEUES": "heavy"}
    monkeypatch.setenv("HEADRACE_QUEUES", "heavy")
    sqs = boto3.client(
        "sqs", endpoint_url=told["AWS_ENDPOINT_URL"], region_name=told["AWS_REGION"]
    )
    sqs.create_queue(QueueName="heavy-bells")
    return told


@pytest.fixture
def kernel(environment: Mapping[str, str]) -> Kernel:
    return wiring.assemble(Settings.from_environment(environment))


def begun() -> list[str]:
    return [each["stage"] for each in lines("bodies")]


def test_a_named_queue_has_its_stages_done_by_whoever_serves_it(
    environment: Mapping[str, str], kernel: Kernel, tmp_path: Path
) -> None:
    kernel.dispatch(CreateRun(run_id="apart", workflow_id="apart", input={"sign": "go"}))
    with worker(environment, tmp_path) as ordinary:
        until(lambda: kernel.ports.persistence.snapshot("apart").stages, within=PATIENCE)
        before = (begun(), show_run(kernel.ports, "apart").stages[0].unserved)

        with worker(environment, tmp_path, "--queue", "heavy") as heavy:
            until(lambda: begun() == ["far", "after"], within=PATIENCE)
            until(lambda: _status(kernel) is Status.COMPLETED, within=PATIENCE)
            serving = kernel.ports.persistence.presences("heavy")
            heavy.gets(signal.SIGTERM)
            code = heavy.ended()
        ordinary.gets(signal.SIGTERM)

    assert before == ([], "Nobody serves the queue 'heavy'.")
    assert len(serving) == 1
    assert code == 0
    assert heavy.says('"far"')
    assert not ordinary.says('"far"')


def _status(kernel: Kernel) -> Status:
    return kernel.ports.persistence.run("apart").status
