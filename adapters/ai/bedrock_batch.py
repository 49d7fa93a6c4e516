"""Amazon Bedrock's batch inference: a job reads lines in S3 and writes answers beside them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from io import BufferedReader
from typing import TYPE_CHECKING, Final

from boto3.s3.transfer import TransferConfig
from boto3.session import Session
from botocore.exceptions import ClientError

from adapters.ai.bedrock_errors import translated
from adapters.ai.bedrock_lines import Lines, Upload
from adapters.ai.bedrock_requests import model_id
from adapters.aws.client import LazyClient, making
from adapters.aws.errors import code_of
from adapters.aws.errors import translated as translated_aws
from kernel.errors import (
    ModelBusyError,
    NotConfiguredError,
    NotFoundError,
    UnknownModelError,
)
from kernel.ports.batch_model import (
    BatchAnswer,
    BatchLimits,
    BatchLine,
    BatchStanding,
    BatchState,
    BatchTicket,
)

if TYPE_CHECKING:
    # There are types only; the packages are not there when it runs.
    from mypy_boto3_bedrock.type_defs import CreateModelInvocationJobRequestTypeDef

# Whoever may not wait longer cancels it; it costs nothing to let Bedrock try.
_HOURS: Final = 168
_STATES: Final = {
    "Completed": BatchState.ENDED,
    "PartiallyCompleted": BatchState.ENDED,
    "Expired": BatchState.EXPIRED,
    "Stopped": BatchState.CANCELLED,
    "Failed": BatchState.FAILED,
}
_ENDED: Final = {"ConflictException", "ValidationException", "ResourceNotFoundException"}
# In this process: more threads would hold more parts of the lines in memory.
_ONE_BY_ONE: Final = TransferConfig(use_threads=False)
_INPUT: Final = "lines.jsonl"


@dataclass(frozen=True, kw_only=True)
class BatchPlace:
    """Where lines and answers lie: everything under *prefix*; *role_arn* lets Bedrock go there."""

    bucket: str
    prefix: str
    role_arn: str | None


class BedrockBatches:
    """A name is handed in once: it is the job's, and the token by which Bedrock knows a repeat.

    Two processes that hand in the same name at the same moment get the same job.
    """

    def __init__(self, session: Session, place: BatchPlace) -> None:
        self._session = session
        self._place = place
        self._bedrock = LazyClient(session, lambda own, how: own.client("bedrock", config=how))
        self._s3 = LazyClient(session, lambda own, how: own.client("s3", config=how))

    def limits(self, model: str) -> BatchLimits:
        return BatchLimits(least_lines=100, most_lines=50_000, most_bytes=1_000_000_000)

    def submit(self, name: str, model: str, lines: Iterable[BatchLine]) -> BatchTicket:
        if found := self.find(name, model):
            return found
        role = self._role()
        self._upload(name, lines)
        with translated(model):
            try:
                made = self._bedrock().create_model_invocation_job(**self._job(name, model, role))
            except ClientError as error:
                if code_of(error) != "ConflictException":
                    raise
                return self._adopted(name, model, error)
        return self._ticket(name, model, made["jobArn"], datetime.now(UTC))

    def find(self, name: str, model: str) -> BatchTicket | None:
        with translated(model):
            pages = self._bedrock().get_paginator("list_model_invocation_jobs")
            for page in pages.paginate(nameContains=name):
                for job in page.get("invocationJobSummaries", []):
                    if job["jobName"] == name:
                        return self._ticket(name, model, job["jobArn"], job["submitTime"])
        return None

    def standing(self, ticket: BatchTicket) -> BatchStanding:
        arn = ticket.handle["job"]
        try:
            with translated(ticket.model):
                job = self._bedrock().get_model_invocation_job(jobIdentifier=arn)
        except UnknownModelError as error:
            message = f"Bedrock has no batch {ticket.name!r}, or no more."
            raise NotFoundError(message, batch=ticket.name) from error
        return BatchStanding(
            state=_STATES.get(job.get("status", ""), BatchState.RUNNING),
            done=job.get("processedRecordCount"),
            total=job.get("totalRecordCount"),
            reason=job.get("message", ""),
        )

    def answers(self, ticket: BatchTicket) -> Iterator[BatchAnswer]:
        with self._stored():
            pages = self._s3().get_paginator("list_objects_v2")
            found = pages.paginate(Bucket=self._place.bucket, Prefix=ticket.handle["answers"])
            keys = [blob["Key"] for page in found for blob in page.get("Contents", [])]
        for key in keys:
            if key.endswith(".jsonl.out"):
                yield from self._read(key)

    def cancel(self, ticket: BatchTicket) -> None:
        with translated(ticket.model):
            try:
                self._bedrock().stop_model_invocation_job(jobIdentifier=ticket.handle["job"])
            except ClientError as error:
                if code_of(error) not in _ENDED:
                    raise

    def _role(self) -> str:
        if self._place.role_arn is None:
            message = "Batches of Bedrock need a role: set HEADRACE_BATCH_ROLE_ARN."
            raise NotConfiguredError(message, variable="HEADRACE_BATCH_ROLE_ARN")
        return self._place.role_arn

    def _folder(self, name: str) -> str:
        return f"{self._place.prefix}bedrock/{name}"

    def _job(self, name: str, model: str, role: str) -> "CreateModelInvocationJobRequestTypeDef":
        where = f"s3://{self._place.bucket}/{self._folder(name)}"
        return {
            "jobName": name,
            "clientRequestToken": name,
            "roleArn": role,
            "modelId": model_id(model),
            "modelInvocationType": "Converse",
            "inputDataConfig": {"s3InputDataConfig": {"s3Uri": f"{where}/{_INPUT}"}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": f"{where}/answers/"}},
            "timeoutDurationInHours": _HOURS,
        }

    def _ticket(self, name: str, model: str, arn: str, at: datetime) -> BatchTicket:
        handle = {"job": arn, "answers": f"{self._folder(name)}/answers/"}
        return BatchTicket(name=name, model=model, handle=handle, submitted_at=at)

    def _adopted(self, name: str, model: str, error: ClientError) -> BatchTicket:
        """Return the one that somebody else handed in meanwhile."""
        if found := self.find(name, model):
            return found
        message = f"Bedrock is still taking in the batch {name!r}."
        raise ModelBusyError(message, model=model) from error

    @cached_property
    def _lines(self) -> Lines:
        with making:
            # Only to know how it speaks; nothing is called.
            runtime = self._session.client("bedrock-runtime")
        return Lines(runtime.meta.service_model)

    def _upload(self, name: str, lines: Iterable[BatchLine]) -> None:
        """Write *lines* as they come; what breaks off leaves nothing."""
        upload = BufferedReader(Upload(self._lines.written(line) for line in lines))
        key = f"{self._folder(name)}/{_INPUT}"
        with self._stored():
            self._s3().upload_fileobj(upload, self._place.bucket, key, Config=_ONE_BY_ONE)

    def _read(self, key: str) -> Iterator[BatchAnswer]:
        with self._stored():
            body = self._s3().get_object(Bucket=self._place.bucket, Key=key)["Body"]
            for line in body.iter_lines():
                if answer := self._lines.read(line):
                    yield answer

    @contextmanager
    def _stored(self) -> Iterator[None]:
        with translated_aws(f"The bucket {self._place.bucket!r}", variable="HEADRACE_BUCKET"):
            yield
