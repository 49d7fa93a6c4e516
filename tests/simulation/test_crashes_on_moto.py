"""The same crashes with the AWS adapters: DynamoDB, SQS, S3, EventBridge and Scheduler in moto."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from boto3.session import Session
from moto import mock_aws

from adapters.dynamodb.persistence import dynamo_persistence
from adapters.eventbridge.event_sink import EventBridgeSink
from adapters.eventbridge.scheduler import EventBridgeScheduler
from adapters.memory import SeededEntropy, SkippingClock
from adapters.s3.blob_store import S3BlobStore
from adapters.sqs.job_transport import SqsJobTransport
from functions.local.atomic_moto import atomic_moto
from kernel.ports.bundle import Ports
from tests.simulation.schedules import MakePorts, places, prepare
from tests.simulation.test_single_crashes import faults
from tests.support.aws import REGION, a_session
from tests.support.moto import QueueTime
from tests.support.saboteurs import Fate
from tests.support.tables import make_table
from tests.support.world import memory_ports

BUCKET, BUS, GROUP = "bucket", "bus", "group"
ARN = "arn:aws:sqs:eu-central-1:123456789012:ordinary"
ROLE = "arn:aws:iam::123456789012:role/scheduler"


class AccountClock(SkippingClock):
    """When time is skipped, it is skipped for the account's queues too."""

    def __init__(self, queues: QueueTime) -> None:
        super().__init__()
        self._queues = queues

    def sleep(self, span: timedelta) -> None:
        super().sleep(span)
        self._queues.skip(span)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """An account with everything in it but table and queues, which each schedule has anew."""
    with atomic_moto(), mock_aws():
        session = a_session()
        session.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        session.client("events").create_event_bus(Name=BUS)
        session.client("scheduler").create_schedule_group(Name=GROUP)
        yield session


@pytest.fixture
def make_ports(session: Session, monkeypatch: pytest.MonkeyPatch) -> MakePorts:
    time = QueueTime(monkeypatch)
    numbers = count(1)
    return lambda: _ports(session, AccountClock(time), next(numbers))


def test_a_run_survives_a_crash_at_every_place_on_aws(
    make_ports: MakePorts, capsys: pytest.CaptureFixture[str]
) -> None:
    most = places(make_ports, "three")

    played = [
        prepare(make_ports, "three", Fate(place=place, after=after)).to_its_end()
        for place in range(1, most + 1)
        for after in (False, True)
    ]

    with capsys.disabled():
        print(f"\nthree on moto: {len(played)} runs, a crash before and after {most} port calls")
    assert [fault for one in played for fault in faults(one)] == []


def _ports(session: Session, clock: AccountClock, nth: int) -> Ports:
    table, entropy = f"table-{nth}", SeededEntropy(nth)
    make_table(session.client("dynamodb"), table)
    queues = [
        session.client("sqs").create_queue(QueueName=f"{name}-{nth}")["QueueUrl"]
        for name in ("ordinary", "urgent")
    ]
    return memory_ports(
        persistence=dynamo_persistence(
            table=table, region=REGION, clock=clock, entropy=entropy, due_shards=1
        ),
        blobs=S3BlobStore(bucket=BUCKET, session=session),
        transport=SqsJobTransport(
            queue_url=queues[0], urgent_queue_url=queues[1], wait=timedelta(), session=session
        ),
        sink=EventBridgeSink(bus=BUS, session=session),
        scheduler=EventBridgeScheduler(
            group=GROUP, role_arn=ROLE, queue_arn=ARN, urgent_queue_arn=ARN, session=session
        ),
        clock=clock,
        entropy=entropy,
    )
