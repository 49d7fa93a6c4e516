"""The real handlers ask models under the policies of the template: enough, and nothing over."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from tests.privilege import model_flows
from tests.privilege.crew import API, TICK, Crew, crew
from tests.privilege.gate import Gate, Role
from tests.privilege.needs import arn, blob_arn
from tests.privilege.statements import Request, allowing
from tests.support.aws import a_session
from tests.support.bedrock import Heard, Said, bedrock, saying
from tests.support.bedrock_jobs import BedrockJobs

pytest.importorskip("pydantic_ai")

MODEL: Final = "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"
PARAMETERS: Final = {
    "BedrockModelArns": MODEL,
    "ModelKeys": "openai-chat=secretsmanager:openai,anthropic=ssm:/anthropic",
    "ModelSecretArns": "arn:aws:secretsmanager:*:123456789012:secret:openai-*",
    "ModelParameterArns": "arn:aws:ssm:*:123456789012:parameter/anthropic",
}
HOLDERS: Final = ["WorkerRole", "heavyContainerRole"]
OF_MODELS: Final = {
    *("Models", "BatchesOfModels", "Batches", "BatchesByName", "BatchRole", "BatchBlobs"),
    *("ModelSecrets", "ModelParameters"),
}


class Bedrock(BedrockJobs):
    """Answers whoever asks, and works on batches in the role that it was lent."""

    gate: Gate
    role: Role

    def answer(self, heard: Heard) -> Said:
        if heard.path.startswith("/model/"):
            self.heard.append(heard)
            return _answer()
        with self.gate.acting(self.role):
            return super().answer(heard)

    def work(self) -> None:
        with self.gate.acting(self.role):
            super().work()


def _answer() -> Said:
    usage = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}
    events: list[tuple[str, Any]] = [
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Yes"}}),
        ("messageStop", {"stopReason": "end_turn"}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}),
    ]
    return Said(body=saying({"text": "Yes"}).body, events=events)


@dataclass(frozen=True, kw_only=True)
class Played:
    crew: Crew
    ends: list[str]
    cloud: Bedrock


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    cloud = Bedrock(region="us-east-1", speak=lambda _: saying({"text": "Yes"}).body)
    with (
        bedrock(cloud),
        crew(model_flows.__name__, **PARAMETERS) as at_work,
        pytest.MonkeyPatch.context() as environment,
    ):
        # The account lets no call out; these stay on this machine.
        environment.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        environment.setenv("AWS_ENDPOINT_URL_BEDROCK", cloud.url)
        environment.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", cloud.url)
        environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
        environment.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
        cloud.session, cloud.gate = a_session(), at_work.gate
        cloud.role = at_work.roles["BatchRole"]
        yield Played(crew=at_work, ends=played_out(at_work, cloud), cloud=cloud)


def played_out(at_work: Crew, cloud: Bedrock) -> list[str]:
    """Let batches end in time, and then others not, so that they are stopped."""
    boto3.client("secretsmanager").create_secret(Name="openai", SecretString="key")
    boto3.client("ssm").put_parameter(Name="/anthropic", Value="key", Type="SecureString")
    runs = [at_work.start(name, "Hello") for name in ("asking", "heavy-asking")]
    at_work.settle_down()
    cloud.work()
    go_on(at_work)
    late = [at_work.start(name, "Hello") for name in ("asking", "heavy-asking")]
    at_work.settle_down()
    at_work.skip(timedelta(hours=2))
    go_on(at_work)
    cloud.work()
    go_on(at_work)
    return [at_work.shown(run)["status"] for run in (*runs, *late)]


def go_on(at_work: Crew) -> None:
    for _ in range(4):
        at_work.skip(timedelta(minutes=16))
        at_work.tick()
        at_work.settle_down()


def test_every_run_comes_to_its_end(played: Played) -> None:
    assert played.ends == ["COMPLETED"] * 4


@pytest.mark.parametrize("role", [*HOLDERS, "BatchRole"])
def test_a_role_is_denied_nothing_that_it_needs(played: Played, role: str) -> None:
    assert [str(request) for request in played.crew.roles[role].denied] == []


@pytest.mark.parametrize("role", HOLDERS)
def test_of_models_a_role_is_granted_nothing_that_it_never_needs(
    played: Played, role: str
) -> None:
    idle = [grant for grant in played.crew.roles[role].idle if grant.split(":")[0] in OF_MODELS]

    assert idle == []


@pytest.mark.parametrize("role", HOLDERS)
def test_what_was_not_named_is_closed(played: Played, role: str) -> None:
    bucket = played.crew.account.outputs["BlobBucketName"]
    other = "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-v2"
    granted = played.crew.roles[role].grants
    lent = next(grant.resource for grant in granted if grant.sid == "BatchRole")
    others = [
        Request(action="bedrock:InvokeModel", resource=other),
        Request(action="bedrock:CreateModelInvocationJob", resource=other),
        Request(
            action="secretsmanager:GetSecretValue",
            resource=arn("secretsmanager", "secret:database-Ab12Cd"),
        ),
        Request(action="ssm:GetParameter", resource=arn("ssm", "parameter/database")),
        Request(action="s3:GetObject", resource=blob_arn(bucket, "elsewhere")),
        Request(
            action="iam:PassRole",
            resource=lent,
            facts={"iam:PassedToService": "lambda.amazonaws.com"},
        ),
    ]

    open_ = [str(request) for request in others if allowing(granted, request)]

    assert open_ == []


@pytest.mark.parametrize("function", [TICK, API])
def test_whoever_runs_no_stage_asks_no_model(played: Played, function: str) -> None:
    granted = played.crew.role_of(function).grants

    asked = [grant for grant in granted if grant.action.startswith(("bedrock", "secrets", "ssm"))]

    assert asked == []


def test_bedrock_may_read_and_write_batches_and_no_runs_blobs(played: Played) -> None:
    bucket = played.crew.account.outputs["BlobBucketName"]
    granted = played.crew.roles["BatchRole"].grants

    batches, runs = (
        allowing(granted, Request(action="s3:GetObject", resource=blob_arn(bucket, key)))
        for key in ("batches/bedrock/one/lines.jsonl", "runs/run-1/input.json")
    )

    assert batches
    assert not runs
