"""`python -m functions.work`: a real process, with real signals, in an emulated account."""

import json
import signal
import socket
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kernel.dispatch import Kernel
from kernel.model.status import Status
from kernel.procedures.create_run import CreateRun
from tests.e2e.patience import until
from tests.functions.test_settings import GOOD
from tests.kill.ledger import lines
from tests.support.one_answer import denying, one_answer
from tests.working.processes import PATIENCE, process, worker

pytestmark = pytest.mark.slow

TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/headrace"
CLOSED = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", **GOOD}


@pytest.fixture
def run_id(kernel: Kernel, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A run that waits for a worker, and then for the sign `go`."""
    command = CreateRun(run_id=tmp_path.name, workflow_id="deafly", input={"sign": "go"})
    return kernel.dispatch(command).run_id


def status(kernel: Kernel, run_id: str) -> Status:
    return kernel.ports.persistence.run(run_id).status


def asked(address: str) -> Any:
    with urllib.request.urlopen(f"http://{address}/health", timeout=5) as answer:
        return json.load(answer)


def test_a_run_goes_through_a_worker_that_ends_when_it_is_told_to(
    environment: Mapping[str, str], kernel: Kernel, run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()

    with worker(environment, tmp_path, "--threads", "2") as started:
        until(lambda: status(kernel, run_id).is_terminal, within=PATIENCE)
        started.gets(signal.SIGTERM)
        code = started.ended()

    assert (code, started.complaint) == (0, "")
    assert status(kernel, run_id) is Status.COMPLETED
    assert started.says('"worker stopped"')


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_body_may_end_while_its_worker_drains(
    environment: Mapping[str, str],
    kernel: Kernel,
    run_id: str,
    tmp_path: Path,
    number: signal.Signals,
) -> None:
    with worker(environment, tmp_path) as started:
        until(lambda: lines("bodies"), within=PATIENCE)

        started.gets(number)
        (tmp_path / "go").touch()
        code = started.ended()

    assert code == 0
    assert kernel.ports.persistence.snapshot(run_id).stages[0].status is Status.COMPLETED
    assert len(lines("bodies")) == 1


@pytest.mark.usefixtures("run_id")
def test_the_second_signal_ends_a_worker_at_once(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with worker(environment, tmp_path) as started:
        until(lambda: lines("bodies"), within=PATIENCE)
        started.gets(signal.SIGINT)

        started.gets(signal.SIGTERM)
        code = started.ended()

    assert code == 128 + signal.SIGTERM


@pytest.mark.usefixtures("run_id")
def test_a_body_that_hears_nothing_ends_with_its_own_process(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with worker(environment, tmp_path, "--grace", "0") as started:
        until(lambda: lines("bodies"), within=PATIENCE)

        started.gets(signal.SIGTERM)
        code = started.ended()

    assert code == 0
    assert started.says("WORKER_STOPPED")


@pytest.mark.usefixtures("run_id")
def test_a_worker_that_leaves_a_body_behind_says_so_by_its_code(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with worker(environment, tmp_path, "--grace", "0", "--no-isolation") as started:
        until(lambda: lines("bodies"), within=PATIENCE)

        started.gets(signal.SIGTERM)
        code = started.ended()

    assert code == 3
    assert started.says("a body that cannot be stopped")


def test_a_worker_in_which_a_body_goes_on_beyond_its_time_ends_by_itself(
    environment: Mapping[str, str], kernel: Kernel, tmp_path: Path
) -> None:
    kernel.dispatch(CreateRun(run_id="late", workflow_id="lately", input={"sign": "go"}))

    with worker(environment, tmp_path, "--no-isolation") as started:
        code = started.ended()

    assert code == 3
    assert started.says("this process takes no more")
    assert status(kernel, "late") is Status.FAILED


@pytest.mark.usefixtures("run_id")
def test_a_worker_tells_how_it_is(environment: Mapping[str, str], tmp_path: Path) -> None:
    address = f"127.0.0.1:{free_port()}"

    with worker(environment, tmp_path, "--health", address) as started:
        until(lambda: lines("bodies"), within=PATIENCE)
        told = asked(address)
        started.gets(signal.SIGTERM)
        draining = until(lambda: _draining(asked(address)), within=PATIENCE)

    assert (told["is_well"], told["queues"], told["in_hand"]) == (True, ["default"], 1)
    assert (draining["is_well"], draining["is_running"]) == (True, True)


def _draining(told: Any) -> Any:
    return told if told["is_draining"] else None


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_an_address_that_is_taken_is_named(environment: Mapping[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with process(environment, tmp_path, "--health", address) as started:
            code = started.ended()

    assert code == 2
    assert started.complaint.startswith(f"Error: Nobody can be told of health at {address}")
    assert started.complaint.count("\n") == 1


def test_a_queue_that_is_not_there_is_named(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    with process(environment, tmp_path, "--queue", "nonesuch") as started:
        code = started.ended()

    assert code == 2
    assert started.complaint.startswith("Error: There is no queue 'nonesuch'")
    assert started.complaint.count("\n") == 1


def test_a_queue_whose_url_leads_nowhere_is_named(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    url = f"{environment['HEADRACE_QUEUE_URL']}-not"

    with process({**environment, "HEADRACE_QUEUE_URL": url}, tmp_path) as started:
        code = started.ended()

    assert code == 1
    assert "does not exist; check HEADRACE_QUEUE_URL" in started.complaint
    assert started.complaint.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "variable"),
    [
        (("--threads", "0"), "HEADRACE_WORK_THREADS"),
        (("--grace", "long"), "HEADRACE_WORK_GRACE"),
        (("--health", "8080"), "HEADRACE_WORK_HEALTH"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(
    words: tuple[str, ...], variable: str, tmp_path: Path
) -> None:
    with process(CLOSED, tmp_path, *words) as started:
        code = started.ended()

    assert code == 2
    assert started.complaint.startswith(f"Error: No worker can be run like that: {variable} is")


def test_a_variable_that_is_missing_is_named(tmp_path: Path) -> None:
    without = {name: value for name, value in CLOSED.items() if name != "HEADRACE_BUCKET"}

    with process(without, tmp_path) as started:
        code = started.ended()

    assert code == 2
    assert "HEADRACE_BUCKET is missing" in started.complaint


def test_a_store_out_of_reach_is_said(tmp_path: Path) -> None:
    nowhere = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}

    with process({**CLOSED, **nowhere}, tmp_path) as started:
        code = started.ended()

    assert code == 1
    assert started.complaint.startswith("Error: ")
    assert "out of reach" in started.complaint
    assert started.complaint.count("\n") == 1


def test_a_permission_that_is_missing_is_named(tmp_path: Path) -> None:
    with (
        one_answer(denying("dynamodb:GetItem", TABLE_ARN)) as address,
        process({**CLOSED, "AWS_ENDPOINT_URL_DYNAMODB": address}, tmp_path) as started,
    ):
        code = started.ended()

    assert code == 1
    assert "must allow dynamodb:GetItem" in started.complaint
    assert started.complaint.count("\n") == 1


def test_it_needs_neither_the_command_line_nor_the_local_stack(tmp_path: Path) -> None:
    without = (
        "import runpy, sys; sys.modules |= dict.fromkeys(['typer', 'moto', 'functions.local']);"
        " sys.argv[1:] = ['--help']; runpy.run_module('functions.work', run_name='__main__')"
    )

    with process(CLOSED, tmp_path, program=("-c", without)) as started:
        code = started.ended()

    assert (code, started.complaint) == (0, "")
    assert started.says("--queue NAME")
