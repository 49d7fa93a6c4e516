"""`headrace work`: a worker beside those of a stack, which says where everything is."""

import json
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from functions import wiring
from functions.settings import Settings
from kernel.model.status import Status
from kernel.procedures.create_run import CreateRun
from tests.e2e.patience import until
from tests.kill.account import on_moto
from tests.support.aws import a_session
from tests.working import flows
from tests.working.processes import PATIENCE, process, worker

pytestmark = pytest.mark.slow

HEADRACE: Final = ("-c", "from functions.local.cli import main; main()", "work")
TEMPLATE: Final = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"WorkerFunctionName": {"Value": "the-worker"}},
}
TRUST: Final = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """What the worker of a stack is told, in an account of its own."""
    with on_moto(tmp_path) as account:
        told = {**account.environment, "HEADRACE_WORKFLOWS": flows.__name__}
        deploy(told)
        yield told


@pytest.fixture
def outside(deployed: Mapping[str, str]) -> Mapping[str, str]:
    """Who somebody is that knows the account, and nothing of the stack."""
    return {name: value for name, value in deployed.items() if not name.startswith("HEADRACE_")}


def deploy(told: Mapping[str, str]) -> None:
    def client(service: Any) -> Any:
        return a_session().client(service, endpoint_url=told["AWS_ENDPOINT_URL"])

    body = json.dumps(TEMPLATE)
    client("cloudformation").create_stack(StackName="deployed", TemplateBody=body)
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(TRUST))
    ours = {name: value for name, value in told.items() if name.startswith("HEADRACE_")}
    client("lambda").create_function(
        FunctionName="the-worker",
        Role=role["Role"]["Arn"],
        Runtime="python3.13",
        Handler="functions.worker.handler",
        Code={"ZipFile": b"none"},
        Environment={"Variables": {**ours, "POWERTOOLS_SERVICE_NAME": "deployed"}},
    )


def test_a_stack_says_where_everything_is(
    deployed: Mapping[str, str],
    outside: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in deployed.items():
        monkeypatch.setenv(name, value)
    kernel = wiring.assemble(Settings.from_environment())
    kernel.dispatch(CreateRun(run_id="run", workflow_id="deafly", input={"sign": "go"}))
    (tmp_path / "go").touch()

    with worker(outside, tmp_path, "--stack", "deployed", program=HEADRACE) as started:
        until(lambda: kernel.ports.persistence.run("run").status.is_terminal, within=PATIENCE)
        started.gets(signal.SIGTERM)
        code = started.ended()

    assert (code, started.complaint) == (0, "")
    assert kernel.ports.persistence.run("run").status is Status.COMPLETED
    assert started.says('"service":"deployed"')


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--stack", "nonesuch"), "There is no stack 'nonesuch'"),
        (("--stack", "deployed", "--queue", "nonesuch"), "There is no queue 'nonesuch'"),
        (("--stack", "deployed", "--health", "8080"), "HEADRACE_WORK_HEALTH is '8080'"),
        ((), "HEADRACE_TABLE is missing"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    outside: Mapping[str, str], tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    with process(outside, tmp_path, *words, program=HEADRACE) as started:
        code = started.ended()

    assert code == 2
    assert started.complaint.startswith("Error: ")
    assert sentence in started.complaint
    assert "Traceback" not in started.complaint
