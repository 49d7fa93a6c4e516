"""Bedrock's batches on this machine: jobs that read and write S3, as far as they are told to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from boto3.session import Session

from tests.support.aws import REGION
from tests.support.bedrock import Bedrock, Heard, Said, refusing

_JOB: Final = "123456789012:model-invocation-job"
_AT: Final = "2026-11-25T12:00:00Z"
_RUNNING: Final = ("Submitted", "Validating", "Scheduled", "InProgress", "Stopping")
_PAGE: Final = 2


@dataclass
class Job:
    arn: str
    asked: dict[str, Any]
    lines: list[dict[str, Any]]
    status: str = "Submitted"
    message: str = ""
    done: int = 0

    @property
    def runs(self) -> bool:
        return self.status in _RUNNING

    @property
    def summary(self) -> dict[str, Any]:
        told = {
            name: self.asked[name]
            for name in ("jobName", "modelId", "roleArn", "inputDataConfig", "outputDataConfig")
        }
        counted = {"totalRecordCount": len(self.lines), "processedRecordCount": self.done}
        state = {"jobArn": self.arn, "status": self.status, "submitTime": _AT}
        return {**told, **counted, **state, "message": self.message}


@dataclass
class BedrockJobs(Bedrock):
    """Takes jobs and works on them when it is told to.

    *speak*: what a line's input is answered with; None where that is an error.
    """

    session: Session | None = None
    region: str = REGION
    speak: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda body: body
    jobs: dict[str, Job] = field(default_factory=dict)
    hides: bool = False
    """Whether lists lag behind, so that new jobs are not among them."""

    @property
    def handed_in(self) -> list[list[str]]:
        return [[line["recordId"] for line in job.lines] for job in self.jobs.values()]

    def work(self) -> None:
        for job in [job for job in self.jobs.values() if job.runs]:
            if job.status == "Stopping":
                job.status = "Stopped"
                continue
            failed = self._write(job, len(job.lines))
            job.status = "PartiallyCompleted" if failed else "Completed"

    def expire(self, *, answered: int) -> None:
        for job in [job for job in self.jobs.values() if job.runs]:
            self._write(job, answered)
            job.status = "Expired"

    def fail(self, reason: str) -> None:
        for job in [job for job in self.jobs.values() if job.runs]:
            job.status, job.message = "Failed", reason

    def answer(self, heard: Heard) -> Said:
        self.heard.append(heard)
        path, _, query = heard.path.partition("?")
        match heard.method, unquote(path).split("/", 3)[1:]:
            case "POST", ["model-invocation-job"]:
                return self._take(heard.body)
            case "GET", ["model-invocation-jobs"]:
                return self._list({name: found[0] for name, found in parse_qs(query).items()})
            case "GET", ["model-invocation-job", *rest]:
                job = self.jobs.get("/".join(rest))
                return Said(body=job.summary) if job else _unknown()
            case "POST", ["model-invocation-job", *rest]:
                return self._stop("/".join(rest).removesuffix("/stop"))
        return refusing("ValidationException", f"What is {heard.path}?")

    def _take(self, asked: dict[str, Any]) -> Said:
        for job in self.jobs.values():
            if job.asked["clientRequestToken"] == asked["clientRequestToken"]:
                return Said(body={"jobArn": job.arn})
            if job.asked["jobName"] == asked["jobName"]:
                return refusing("ConflictException", "That name is taken.", status=409)
        arn = f"arn:aws:bedrock:{self.region}:{_JOB}/{len(self.jobs):012x}ab"
        source = urlsplit(asked["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])
        text = self._s3().get_object(Bucket=source.netloc, Key=source.path[1:])["Body"].read()
        lines = [json.loads(line) for line in text.splitlines()]
        self.jobs[arn] = Job(arn=arn, asked=asked, lines=lines)
        return Said(body={"jobArn": arn})

    def _list(self, query: dict[str, str]) -> Said:
        known = [] if self.hides else [*self.jobs.values()]
        named = [job for job in known if query["nameContains"] in job.asked["jobName"]]
        first = int(query.get("nextToken", "0"))
        page = [job.summary for job in named[first : first + _PAGE]]
        more = {"nextToken": str(first + _PAGE)} if len(named) > first + _PAGE else {}
        return Said(body={"invocationJobSummaries": page, **more})

    def _stop(self, arn: str) -> Said:
        job = self.jobs.get(arn)
        if job is None:
            return _unknown()
        if not job.runs:
            return refusing("ConflictException", "It has ended.", status=409)
        job.status = "Stopping"
        return Said(body={})

    def _write(self, job: Job, many: int) -> int:
        """Write what is answered of *many* lines, the last one first; return how many failed."""
        written = [self._answered(line) for line in job.lines[:many]]
        job.done = len(written)
        target = urlsplit(job.asked["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"])
        folder = f"{target.path[1:]}{job.arn.rpartition('/')[2]}"
        text = "\n".join(json.dumps(line) for line in reversed(written))
        put = self._s3().put_object
        put(Bucket=target.netloc, Key=f"{folder}/lines.jsonl.out", Body=text.encode())
        put(Bucket=target.netloc, Key=f"{folder}/manifest.json.out", Body=b"{}")
        return sum("error" in line for line in written)

    def _answered(self, line: dict[str, Any]) -> dict[str, Any]:
        output = self.speak(line["modelInput"])
        if output is None:
            return {**line, "error": {"errorCode": 400, "errorMessage": "The line is bad."}}
        return {**line, "modelOutput": output}

    def _s3(self) -> Any:
        assert self.session
        return self.session.client("s3")


def _unknown() -> Said:
    return refusing("ResourceNotFoundException", "There is no such job.", status=404)
