"""One kernel a process, made of the environment; on AWS adapters, with moto for AWS."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from adapters.dynamodb.persistence import DynamoPersistence
from adapters.sqs.job_transport import SqsJobTransport
from functions import api, wiring, worker
from functions.discovery import DiscoveryError
from functions.settings import LAMBDA, SettingsError
from kernel.dispatch import Kernel
from kernel.errors import ModelDeniedError, UnknownModelError
from kernel.model.message import EmbedRequest, Message, ModelRequest, Text
from tests.functions.samples import FakeContext, sample
from tests.functions.test_settings import GOOD
from tests.support.bedrock import Bedrock, bedrock, saying


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment as the template makes it, in an account with nothing in it."""
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    wiring.forget()
    with mock_aws():
        yield monkeypatch
    wiring.forget()


def test_the_kernel_is_made_of_what_the_environment_names(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("HEADRACE_PUBLISHED_EVENTS", "stage:failed")
    environment.setenv("HEADRACE_API_URL", "https://api.example.org")

    kernel = wiring.kernel()

    assert isinstance(kernel.ports.persistence, DynamoPersistence)
    assert isinstance(wiring.transport(), SqsJobTransport)
    assert wiring.ports() is kernel.ports
    assert kernel.policy.published == ("stage:failed",)
    assert kernel.policy.callback_base == "https://api.example.org"
    assert "hello" in [workflow.id for workflow in kernel.ports.registry.workflows()]


@pytest.mark.usefixtures("environment")
def test_all_threads_get_the_same_kernel() -> None:
    def get(_: int) -> Kernel:
        return wiring.kernel()

    with ThreadPoolExecutor(8) as pool:
        kernels = list(pool.map(get, range(32)))

    assert len({id(kernel) for kernel in kernels}) == 1


@pytest.mark.usefixtures("environment")
def test_a_kernel_that_is_forgotten_is_made_anew() -> None:
    before = wiring.kernel()

    wiring.forget()

    assert wiring.kernel() is not before


def test_a_missing_variable_stops_it(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("HEADRACE_BUCKET")

    with pytest.raises(SettingsError, match="HEADRACE_BUCKET is missing"):
        wiring.kernel()


def test_a_workflow_package_that_is_not_there_stops_it(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HEADRACE_WORKFLOWS", "no_such_package")

    with pytest.raises(DiscoveryError, match="no_such_package"):
        wiring.kernel()


def test_what_is_wrong_shows_while_lambda_starts_and_nowhere_else(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.delenv("HEADRACE_TABLE")
    wiring.prepare()
    environment.setenv(LAMBDA, "127.0.0.1:9001")

    with pytest.raises(SettingsError, match="HEADRACE_TABLE is missing"):
        wiring.prepare()


@pytest.mark.usefixtures("environment")
def test_the_api_of_an_account_without_the_table_names_the_variable() -> None:
    answer = api.handler(sample("api_show_run.json"), FakeContext())

    assert answer["statusCode"] == 503
    assert "check HEADRACE_TABLE" in json.loads(answer["body"])["detail"]


@pytest.mark.usefixtures("environment")
def test_the_worker_of_an_account_without_the_table_names_the_variable(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    environment.setenv("HEADRACE_WORKFLOWS", "tests.functions.workflows_of_samples")

    response: Any = worker.handler(sample("sqs_job.json"), FakeContext())

    assert len(response["batchItemFailures"]) == 1
    assert "check HEADRACE_TABLE" in caplog.text


def test_a_kernel_asks_bedrock_and_knows_its_prices(environment: pytest.MonkeyPatch) -> None:
    request = ModelRequest(
        model="bedrock:amazon.nova-lite-v1:0",
        messages=(Message(role="user", parts=(Text(text="How?"),)),),
    )
    answer = saying({"text": "So."})
    with bedrock(Bedrock()) as cloud:
        cloud.will_say(answer)
        environment.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", cloud.url)
        ports = wiring.ports()

        reply = ports.models.complete(request, within=timedelta(seconds=9))

    price = ports.prices.price(request.model, reply.usage, at=datetime.now(UTC))
    assert reply.text == "So."
    assert price is not None
    assert price.cost > 0


@pytest.mark.usefixtures("environment")
def test_a_provider_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownModelError, match=r"bedrock:\.\.\."):
        wiring.ports().models.embed(
            EmbedRequest(model="nobody:one", texts=("a",)), within=timedelta(seconds=1)
        )


def test_models_batches_and_other_providers_are_there_when_they_are_asked_for(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("HEADRACE_BATCH_ROLE_ARN", "arn:aws:iam::123456789012:role/batches")
    environment.setenv("HEADRACE_MODEL_KEYS", "openai=ssm:/nowhere")
    environment.setenv("HEADRACE_KEEP_PROMPTS", "true")
    environment.setenv("HEADRACE_REDACTIONS", "secret")
    ports = wiring.ports()

    limits = ports.batches.limits("bedrock:amazon.nova-lite-v1:0")

    assert limits.most_lines == 50_000
    assert wiring.kernel().policy.keeps_prompts
    assert wiring.kernel().policy.redactions == ("secret",)
    with pytest.raises(ModelDeniedError, match="ssm:/nowhere"):
        ports.models.complete(
            ModelRequest(model="openai:gpt-4o", messages=()), within=timedelta(seconds=1)
        )
