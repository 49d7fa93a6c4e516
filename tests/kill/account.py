"""One account for all processes: an emulator, what the template would make in it, and the time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from boto3.session import Session

from tests.kill import flows
from tests.kill.ledger import FOLDER
from tests.kill.roles import POLICY
from tests.support import ministack
from tests.support.aws import REGION, a_session
from tests.support.tables import make_table

ROOT: Final = Path(__file__).parents[2]

# Seconds: what a dead process held is taken up by others soon. Those that are killed again and
# again must not use up what a stage or a command is given.
SHORT: Final[Mapping[str, float]] = {
    "grace": 2,
    "longest_push_back": 3,
    "lease_margin": 1,
    "poll_timeout": 5,
    "poll_failures": 1_000,
    "stumbles": 1_000,
}
_HIDDEN: Final = 6
_DELIVERIES: Final = 5

_TABLE, _BUCKET, _BUS, _GROUP = "killed", "killed-blobs", "killed", "killed"
_HEARD: Final = "heard"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where everything lies. *environment* takes a process there; *heard* gets every event."""

    emulator: str
    environment: Mapping[str, str]
    heard: str


@contextmanager
def on_ministack(place: Path) -> Iterator[Account]:
    """Open an account there. *place*: the folder for what processes leave behind."""
    emulator = ministack.start()
    try:
        yield _made("ministack", emulator.endpoint, place)
    finally:
        emulator.stop()


@contextmanager
def on_moto(place: Path) -> Iterator[Account]:
    """Open an account behind the gateway to moto. *place*: as above."""
    command = [sys.executable, "-m", "tests.kill.moto_gateway"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as gateway:
        try:
            port = int(gateway.stdout.readline()) if gateway.stdout else 0
            yield _made("moto", f"http://127.0.0.1:{port}", place)
        finally:
            gateway.kill()


def _made(emulator: str, endpoint: str, place: Path) -> Account:
    aws = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    session = a_session()
    make_table(_client(session, "dynamodb", endpoint), _TABLE)
    _client(session, "s3", endpoint).create_bucket(
        Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    _client(session, "scheduler", endpoint).create_schedule_group(Name=_GROUP)
    sqs = _client(session, "sqs", endpoint)
    bells, urgent, heard = _queue(sqs, "bells"), _queue(sqs, "urgent"), _queue(sqs, _HEARD)
    _listen(_client(session, "events", endpoint), heard.arn)
    ours = {
        "HEADRACE_TABLE": _TABLE,
        "HEADRACE_BUCKET": _BUCKET,
        "HEADRACE_QUEUE_URL": bells.url,
        "HEADRACE_QUEUE_ARN": bells.arn,
        "HEADRACE_URGENT_QUEUE_URL": urgent.url,
        "HEADRACE_URGENT_QUEUE_ARN": urgent.arn,
        "HEADRACE_BUS": _BUS,
        "HEADRACE_SCHEDULE_GROUP": _GROUP,
        "HEADRACE_SCHEDULER_ROLE_ARN": "arn:aws:iam::000000000000:role/ringer",
        "HEADRACE_WORKFLOWS": flows.__name__,
        POLICY: json.dumps(SHORT),
        FOLDER: str(place),
    }
    return Account(emulator=emulator, environment={**aws, **ours}, heard=heard.url)


@dataclass(frozen=True, kw_only=True)
class _Queue:
    url: str
    arn: str


def _client(session: Session, service: Any, endpoint: str) -> Any:
    return session.client(service, endpoint_url=endpoint)


def _queue(sqs: Any, name: str) -> _Queue:
    """Make a queue, and one for the messages that come back too often."""
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": _DELIVERIES}
    attributes = {"VisibilityTimeout": str(_HIDDEN), "RedrivePolicy": json.dumps(redrive)}
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return _Queue(url=url, arn=_arn(sqs, url))


def _arn(sqs: Any, url: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    return arn


def _listen(events: Any, queue_arn: str) -> None:
    """Let every event on the bus go to a queue."""
    events.create_event_bus(Name=_BUS)
    pattern = json.dumps({"source": ["headrace"]})
    events.put_rule(Name=_HEARD, EventBusName=_BUS, EventPattern=pattern, State="ENABLED")
    targets = [{"Id": _HEARD, "Arn": queue_arn}]
    events.put_targets(Rule=_HEARD, EventBusName=_BUS, Targets=targets)
