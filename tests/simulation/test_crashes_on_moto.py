"""The same crashes with the AWS adapters: DynamoDB, SQS, S3, EventBridge and Scheduler in moto.

What else a process asks, such as the time, leaves no trace: to die beside that is to die after
the call to AWS before it, or before the one that follows. So the places are those calls.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from boto3.session import Session
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_sqs import SQSClient

from adapters.dynamodb.persistence import dynamo_persistence
from adapters.eventbridge.event_sink import EventBridgeSink
from adapters.eventbridge.scheduler import EventBridgeScheduler
from adapters.memory import SeededEntropy, SkippingClock
from adapters.s3.blob_store import S3BlobStore
from adapters.sqs.job_transport import SqsJobTransport
from functions.local.atomic_moto import atomic_moto
from kernel.ports.bundle import Ports
from tests.simulation.schedules import MakePorts, prepare
from tests.simulation.test_single_crashes import faults
from tests.support.aws import REGION, a_session
from tests.support.moto import QueueTime
from tests.support.saboteurs import Fate
from tests.support.tables import make_table
from tests.support.world import memory_ports

TABLE, BUCKET, BUS, GROUP = "table", "bucket", "bus", "group"
ORDINARY, URGENT = "ordinary", "urgent"
ARN = "arn:aws:sqs:eu-central-1:123456789012:ordinary"
ROLE = "arn:aws:iam::123456789012:role/scheduler"

ON_AWS = ("persistence.", "blobs.", "transport.", "sink.", "scheduler.")


class AccountClock(SkippingClock):
    """When time is skipped, it is skipped for the account's queues too."""

    def __init__(self, queues: QueueTime) -> None:
        super().__init__()
        self._queues = queues

    def sleep(self, span: timedelta) -> None:
        super().sleep(span)
        self._queues.skip(span)


@pytest.fixture
def session() -> Iterator[Session]:
    """An account with everything in it."""
    with atomic_moto(), mock_aws():
        session = a_session()
        session.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        session.client("events").create_event_bus(Name=BUS)
        session.client("scheduler").create_schedule_group(Name=GROUP)
        for name in (ORDINARY, URGENT):
            session.client("sqs").create_queue(QueueName=name)
        make_table(session.client("dynamodb"), TABLE)
        yield session


@pytest.fixture
def make_ports(session: Session, monkeypatch: pytest.MonkeyPatch) -> MakePorts:
    """Empty the account for each schedule; clients serve all, as they are dear to make."""
    ports = _ports(session, AccountClock(QueueTime(monkeypatch)))
    dynamodb, sqs = session.client("dynamodb"), session.client("sqs")

    def emptied() -> Ports:
        _empty(dynamodb, sqs)
        return ports

    return emptied


def test_a_run_survives_a_crash_at_every_place_on_aws(
    make_ports: MakePorts, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = prepare(make_ports, "three", Fate()).to_its_end().fate.calls
    places = [place for place, call in enumerate(calls, start=1) if call.startswith(ON_AWS)]

    wrong = [
        fault
        for place in places
        for after in (False, True)
        for fault in faults(
            prepare(make_ports, "three", Fate(place=place, after=after)).to_its_end()
        )
    ]

    with capsys.disabled():
        print(f"\nthree on moto: a crash before and after {len(places)} calls to AWS")
    assert len(places) > 20
    assert wrong == []


def _ports(session: Session, clock: AccountClock) -> Ports:
    entropy = SeededEntropy()
    sqs = session.client("sqs")
    urls = [sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (ORDINARY, URGENT)]
    return memory_ports(
        persistence=dynamo_persistence(
            table=TABLE, region=REGION, clock=clock, entropy=entropy, due_shards=1
        ),
        blobs=S3BlobStore(bucket=BUCKET, session=session),
        transport=SqsJobTransport(
            queue_url=urls[0], urgent_queue_url=urls[1], wait=timedelta(), session=session
        ),
        sink=EventBridgeSink(bus=BUS, session=session),
        scheduler=EventBridgeScheduler(
            group=GROUP, role_arn=ROLE, queue_arn=ARN, urgent_queue_arn=ARN, session=session
        ),
        clock=clock,
        entropy=entropy,
    )


def _empty(dynamodb: DynamoDBClient, sqs: SQSClient) -> None:
    dynamodb.delete_table(TableName=TABLE)
    make_table(dynamodb, TABLE)
    for name in (ORDINARY, URGENT):
        sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"])
        sqs.create_queue(QueueName=name)
