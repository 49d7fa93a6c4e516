"""Bedrock's batches keep their port's promises, on jobs that read and write S3."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import pytest
from boto3.session import Session
from moto import mock_aws

from adapters.ai.bedrock_batch import BatchPlace, BedrockBatches
from kernel.errors import (
    ModelDeniedError,
    ModelRejectedError,
    NotConfiguredError,
    UnavailableError,
)
from kernel.model.message import Media, Message, Reasoning, Text
from kernel.ports.batch_model import BatchLine
from tests.adapters.ai.asking import SCHEMA
from tests.conformance.batch_model import BatchModelContract
from tests.conformance.batch_model_endings import BatchEndingsContract
from tests.conformance.batch_model_ground import REFUSED, asking, lines_of
from tests.support.aws import REGION, a_session
from tests.support.bedrock import bedrock, refusing
from tests.support.bedrock_jobs import BedrockJobs

MODEL: Final = "bedrock:eu.amazon.nova-lite-v1:0"
ROLE: Final = "arn:aws:iam::123456789012:role/batches"


def in_capitals(body: dict[str, Any]) -> dict[str, Any] | None:
    text = body["messages"][0]["content"][0].get("text", "")
    if text == REFUSED:
        return None
    content: list[dict[str, Any]] = [{"text": text.upper()}]
    if "toolConfig" in body:
        answer = {"toolUseId": "1", "name": "answer", "input": {"mood": text.upper()}}
        content = [{"toolUse": answer}]
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 4, "outputTokens": 2, "totalTokens": 6},
        "metrics": {"latencyMs": 1},
    }


@pytest.fixture(scope="module")
def served() -> Iterator[BedrockJobs]:
    with mock_aws(), pytest.MonkeyPatch.context() as environment:
        made = BedrockJobs(session=a_session(), speak=in_capitals)
        with bedrock(made):
            environment.setenv("AWS_ENDPOINT_URL_BEDROCK", made.url)
            yield made


@pytest.fixture
def provider(served: BedrockJobs) -> BedrockJobs:
    served.jobs.clear()
    served.heard.clear()
    served.hides = False
    return served


@pytest.fixture(scope="module")
def session(served: BedrockJobs) -> Session:
    return a_session()


@pytest.fixture
def place(session: Session) -> BatchPlace:
    bucket = f"bucket-{uuid4()}"
    session.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return BatchPlace(bucket=bucket, prefix="batches/", role_arn=ROLE)


@pytest.fixture
def batches(session: Session, place: BatchPlace, provider: BedrockJobs) -> BedrockBatches:
    return BedrockBatches(session, place)


class _OnBedrock:
    @pytest.fixture
    def batches(
        self, session: Session, place: BatchPlace, provider: BedrockJobs
    ) -> BedrockBatches:
        return BedrockBatches(session, place)

    @pytest.fixture
    def another(self, session: Session, place: BatchPlace) -> BedrockBatches:
        return BedrockBatches(session, place)

    @pytest.fixture
    def provider(self, served: BedrockJobs) -> BedrockJobs:
        served.jobs.clear()
        served.heard.clear()
        served.hides = False
        return served

    @pytest.fixture
    def model(self) -> str:
        return MODEL


class TestBedrockBatches(_OnBedrock, BatchModelContract):
    pass


class TestHowBedrockBatchesEnd(_OnBedrock, BatchEndingsContract):
    pass


def test_a_job_says_where_everything_lies_and_who_it_is(
    batches: BedrockBatches, provider: BedrockJobs, place: BatchPlace
) -> None:
    batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))

    (job,) = provider.jobs.values()
    where = f"s3://{place.bucket}/batches/bedrock/batch-1"
    assert job.asked == {
        "jobName": "batch-1",
        "clientRequestToken": "batch-1",
        "roleArn": ROLE,
        "modelId": "eu.amazon.nova-lite-v1:0",
        "modelInvocationType": "Converse",
        "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"{where}/lines.jsonl"}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"{where}/answers/"}},
        "timeoutDurationInHours": 168,
    }
    assert job.lines[0] == {
        "recordId": "line-0",
        "modelInput": {
            "messages": [{"role": "user", "content": [{"text": "one"}]}],
            "inferenceConfig": {"maxTokens": 100},
        },
    }


def test_a_list_that_lags_behind_does_not_make_a_second_job(
    batches: BedrockBatches, provider: BedrockJobs
) -> None:
    first = batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))
    provider.hides = True

    second = batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))

    assert second.handle == first.handle
    assert len(provider.jobs) == 1


def test_bytes_and_schemas_are_in_lines_as_in_direct_calls(
    batches: BedrockBatches, provider: BedrockJobs
) -> None:
    parts = (Text(text="one"), Media(content=b"png", media_type="image/png"))
    request = replace(
        asking(MODEL, "one"), messages=(Message(role="user", parts=parts),), schema=SCHEMA
    )
    ticket = batches.submit("batch-1", MODEL, [BatchLine(id="line-0", request=request)])

    provider.work()

    (answer,) = batches.answers(ticket)
    content = provider.jobs[ticket.handle["job"]].lines[0]["modelInput"]["messages"][0]["content"]
    assert content[1] == {"image": {"format": "png", "source": {"bytes": "cG5n"}}}
    assert answer.reply is not None
    assert json.loads(answer.reply.text) == {"mood": "ONE"}


def test_what_is_hidden_in_an_answer_is_read_as_bytes(
    batches: BedrockBatches, provider: BedrockJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = in_capitals({"messages": [{"content": [{"text": "one"}]}]})
    assert output is not None
    output["output"]["message"]["content"] = [{"reasoningContent": {"redactedContent": "AGhp"}}]
    monkeypatch.setattr(provider, "speak", lambda _: output)
    ticket = batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))

    provider.work()

    (answer,) = batches.answers(ticket)
    assert answer.reply is not None
    assert answer.reply.parts == (Reasoning(text="", signature="redacted:AGhp"),)


def test_lines_that_nobody_understands_are_passed_over_or_told(
    batches: BedrockBatches, provider: BedrockJobs, place: BatchPlace, session: Session
) -> None:
    ticket = batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))
    lines = [
        "not json",
        "[]",
        '{"recordId": 7}',
        '{"recordId": "empty"}',
        '{"recordId": "late", "error": {"errorCode": 503, "errorMessage": "later"}}',
        '{"recordId": "odd", "error": "no"}',
    ]
    key = f"{ticket.handle['answers']}x/lines.jsonl.out"
    session.client("s3").put_object(Bucket=place.bucket, Key=key, Body="\n".join(lines).encode())

    found = {answer.id: answer.error for answer in batches.answers(ticket)}

    told = {id_: error and (error.code, error.retryable) for id_, error in found.items()}
    assert told == {
        "empty": ("ANSWER_UNREADABLE", True),
        "late": ("MODEL_BUSY", True),
        "odd": ("MODEL_REJECTED", False),
    }


def test_more_lines_than_one_part_of_an_upload_holds_go_out(
    batches: BedrockBatches, provider: BedrockJobs
) -> None:
    long = "x" * 1_000_000

    batches.submit("batch-1", MODEL, iter(lines_of(MODEL, *[long] * 20)))

    assert [len(ids) for ids in provider.handed_in] == [20]


def test_a_stack_without_a_role_for_it_says_which_setting_to_make(
    session: Session, place: BatchPlace, provider: BedrockJobs
) -> None:
    batches = BedrockBatches(session, replace(place, role_arn=None))

    with pytest.raises(NotConfiguredError, match="HEADRACE_BATCH_ROLE_ARN"):
        batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))

    assert provider.jobs == {}


def test_a_bucket_that_is_not_there_is_named(
    session: Session, place: BatchPlace, provider: BedrockJobs
) -> None:
    batches = BedrockBatches(session, replace(place, bucket="nowhere"))

    with pytest.raises(UnavailableError, match="'nowhere'"):
        batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))

    assert provider.jobs == {}


@pytest.mark.parametrize(
    ("code", "error"),
    [("AccessDeniedException", ModelDeniedError), ("ValidationException", ModelRejectedError)],
)
def test_what_bedrock_refuses_has_its_error(
    batches: BedrockBatches,
    provider: BedrockJobs,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(provider, "answer", lambda _: refusing(code))

    with pytest.raises(error):
        batches.submit("batch-1", MODEL, lines_of(MODEL, "one"))
