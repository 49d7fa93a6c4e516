"""The template's stack on ministack: queues that feed real Python processes, rules that tick."""

import json
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from boto3.session import Session

from functions import wiring
from functions.local.blueprint import functions_in
from functions.local.gateway import Gateway
from functions.local.template import translate_template
from functions.settings import Settings
from kernel.dispatch import Kernel
from kernel.ports.bundle import Ports
from tests.e2e.patience import until
from tests.support.aws import REGION, a_session
from tests.support.ministack import PYTHON

ROOT: Final = Path(__file__).parents[2]
FLOWS: Final = Path(__file__).with_name("flows.py")
STACK: Final = "headrace"

# What the module with the workflows is called in the artefact, and where that is.
_MODULE: Final = "flows"
_BUCKET: Final = "artefacts"
# Each is a Python process on this machine.
_WORKERS_A_QUEUE: Final = 3
_FINAL: Final = ("COMPLETE", "FAILED")


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The stack, and what there is to do with it.

    Args:
        kernel: One in this process, over the same resources.
    """

    session: Session
    outputs: Mapping[str, str]
    kernel: Kernel

    @property
    def ports(self) -> Ports:
        return self.kernel.ports

    @property
    def gateway(self) -> Gateway:
        """The API: each request is an invocation of its function."""
        routes = next(each.routes for each in functions_in().values() if each.routes)
        return Gateway(routes, lambda event: self.invoke("ApiFunctionName", event))

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Return what the function answers, in a process of its own."""
        answer = self.session.client("lambda").invoke(
            FunctionName=self.outputs[function], Payload=json.dumps(event)
        )
        content = answer["Payload"].read()
        assert "FunctionError" not in answer, content
        return json.loads(content)

    def start(self, workflow_id: str, input_: Any) -> str:
        """Ask the API for a run, and return its id."""
        body = {"workflow_id": workflow_id, "input": input_}
        answer = self.gateway.request("POST", "/runs", body)
        assert answer.status == 201, answer
        run_id: str = answer.body["run_id"]
        return run_id

    def release(self, workflows: Path) -> None:
        """Deploy again, over what is there, with other *workflows*."""
        client = self.session.client("cloudformation")
        client.update_stack(**_release(self.session, workflows))
        _outputs(self.session, "UPDATE_COMPLETE")


def deploy(workflows: Path = FLOWS) -> Deployment:
    """Make the stack in the emulator that this process' clients are led to.

    Args:
        workflows: The module with the workflows.
    """
    if not (PYTHON.parents[1] / "lib" / f"python{sysconfig.get_python_version()}").exists():
        pytest.fail(f"ministack does not run Python {sys.version}: make clean ministack")
    session = a_session()
    session.client("s3").create_bucket(
        Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    session.client("cloudformation").create_stack(**_release(session, workflows))
    outputs = _outputs(session, "CREATE_COMPLETE")
    function = outputs["WorkerFunctionName"]
    found = session.client("lambda").get_function_configuration(FunctionName=function)
    variables = found["Environment"]["Variables"]
    ours = {"AWS_REGION": REGION, "HEADRACE_WORKFLOWS": "tests.e2e.flows"}
    kernel = wiring.assemble(Settings.from_environment(variables | ours))
    return Deployment(session=session, outputs=outputs, kernel=kernel)


def _release(session: Session, workflows: Path) -> Any:
    """Upload the code with *workflows*, and return what CloudFormation is to make of it."""
    code = _code(workflows)
    # As SAM names it: other code lies elsewhere, or CloudFormation would not see the difference.
    key = f"{sha256(code).hexdigest()}.zip"
    # The template lies there as well: it is too long to be sent along, as SAM's mostly are.
    template = json.dumps(_template(key)).encode()
    place = f"{sha256(template).hexdigest()}.json"
    for name, content in ((key, code), (place, template)):
        session.client("s3").put_object(Bucket=_BUCKET, Key=name, Body=content)
    return {
        "StackName": STACK,
        "TemplateURL": f"https://s3.{REGION}.amazonaws.com/{_BUCKET}/{place}",
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": "WorkflowsPackage", "ParameterValue": _MODULE}],
    }


def _outputs(session: Session, status: str) -> dict[str, str]:
    """Wait until the stack is done, which is well if that is *status*; return its outputs."""
    client = session.client("cloudformation")

    def finished() -> Any:
        stack = client.describe_stacks(StackName=STACK)["Stacks"][0]
        return stack if stack["StackStatus"].endswith(_FINAL) else None

    stack = until(finished)
    assert stack["StackStatus"] == status, client.describe_stack_events(StackName=STACK)
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def _template(key: str) -> Any:
    """Return the template, whole, with the code that is stored under *key*.

    Two things are told to the emulator in its own way. Its processes have no packages; ours are
    lent to them. And it takes a number that comes from a parameter for text, on which its mappings
    stumble.
    """
    template = translate_template(region=REGION)
    for resource in template["Resources"].values():
        match resource:
            case {"Type": "AWS::Lambda::Function", "Properties": properties}:
                variables = properties["Environment"]["Variables"]
                variables["PYTHONPATH"] = sysconfig.get_paths()["purelib"]
                properties["Code"] = {"S3Bucket": _BUCKET, "S3Key": key}
            case {"Type": "AWS::Lambda::EventSourceMapping", "Properties": properties}:
                properties["ScalingConfig"] = {"MaximumConcurrency": _WORKERS_A_QUEUE}
            case _:
                pass
    return template


def _code(workflows: Path) -> bytes:
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        archive.write(workflows, f"{_MODULE}.py")
        for package in ("adapters", "functions", "kernel"):
            for path in sorted((ROOT / package).rglob("*.py")):
                archive.write(path, path.relative_to(ROOT))
    return content.getvalue()
