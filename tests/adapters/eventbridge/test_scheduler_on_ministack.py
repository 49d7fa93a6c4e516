"""Later bells keep their port's promises on the second emulator too, and there they ring."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from boto3.session import Session

from adapters.eventbridge.scheduler import EventBridgeScheduler
from adapters.sqs.job_transport import SqsJobTransport
from kernel.model import bell_wire
from kernel.model.bell import Bell
from tests.conformance.job_transport import a_bell
from tests.conformance.scheduler import TOMORROW, Rings, SchedulerContract
from tests.support.aws import a_session
from tests.support.ministack import Ministack

pytestmark = pytest.mark.ministack

ROLE = "arn:aws:iam::000000000000:role/ringer"
# The emulator looks at its schedules every ten seconds; a listener waits a few of them at a time.
MOST_LOOKS = 60


@pytest.fixture(scope="module")
def session(on_ministack: Ministack) -> Session:
    """Return a session on the day before the schedules of the contract are due."""
    on_ministack.begin_at(TOMORROW - timedelta(days=1))
    return a_session()


@pytest.fixture
def group(session: Session) -> str:
    name = f"group-{uuid4()}"
    session.client("scheduler").create_schedule_group(Name=name)
    return name


@pytest.fixture
def queue(session: Session) -> str:
    url: str = session.client("sqs").create_queue(QueueName=f"queue-{uuid4()}")["QueueUrl"]
    return url


@pytest.fixture
def ringer(session: Session, group: str, queue: str) -> EventBridgeScheduler:
    answer = session.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["QueueArn"]
    )
    arn = answer["Attributes"]["QueueArn"]
    return EventBridgeScheduler(
        group=group, role_arn=ROLE, queue_arn=arn, urgent_queue_arn=arn, session=session
    )


@pytest.fixture
def schedules(session: Session, group: str) -> Callable[[], Sequence[Any]]:
    client = session.client("scheduler")

    def listed() -> Sequence[Any]:
        names = [each["Name"] for each in client.list_schedules(GroupName=group)["Schedules"]]
        return [client.get_schedule(GroupName=group, Name=name) for name in names]

    return listed


def moment_of(schedule: Any) -> datetime:
    expression: str = schedule["ScheduleExpression"]
    return datetime.fromisoformat(expression[3:-1]).replace(tzinfo=UTC)


class TestEventBridgeSchedulerOnMinistack(SchedulerContract):
    @pytest.fixture
    def scheduler(self, ringer: EventBridgeScheduler) -> EventBridgeScheduler:
        return ringer

    @pytest.fixture
    def rings(self, schedules: Callable[[], Sequence[Any]]) -> Callable[[], Rings]:
        return lambda: [
            (moment_of(each), bell_wire.decode(each["Target"]["Input"]))
            for each in sorted(schedules(), key=moment_of)
        ]


@pytest.mark.slow
def test_a_bell_rings_once_when_its_moment_has_come(
    ringer: EventBridgeScheduler,
    schedules: Callable[[], Sequence[Any]],
    queue: str,
    session: Session,
    on_ministack: Ministack,
) -> None:
    ringer.ring_at(a_bell(), TOMORROW)
    early = [*heard(queue, session, lambda: False)]

    on_ministack.begin_at(TOMORROW)
    rung = [*heard(queue, session, lambda: bool(schedules()))]

    assert early == []
    assert rung == [a_bell()]


def heard(queue: str, session: Session, expects: Callable[[], bool]) -> Iterator[Bell]:
    """Yield the bells that ring for as long as somebody *expects* one, and once more."""
    wait = timedelta(seconds=2)
    waiting = SqsJobTransport(queue_url=queue, urgent_queue_url=queue, wait=wait, session=session)
    expected, looks = True, 0
    while expected and looks < MOST_LOOKS:
        expected, looks = expects(), looks + 1
        yield from (delivery.bell for delivery in waiting.receive(limit=10))
