"""Later bells keep their port's promises on moto, as schedules that AWS would take."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from boto3.session import Session
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from adapters.aws.errors import DeniedError
from adapters.eventbridge.scheduler import EventBridgeScheduler
from kernel.errors import UnavailableError
from kernel.model import bell_wire
from kernel.model.bell import Bell
from tests.conformance.job_transport import a_bell
from tests.conformance.scheduler import TOMORROW, Rings, SchedulerContract
from tests.support.aws import Mouth, a_session, refusal

ORDINARY = "arn:aws:sqs:eu-central-1:123456789012:ordinary"
URGENT = "arn:aws:sqs:eu-central-1:123456789012:urgent"
HEAVY = "arn:aws:sqs:eu-central-1:123456789012:heavy"
ROLE = "arn:aws:iam::123456789012:role/ringer"


@pytest.fixture(scope="module", autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def session(aws: None) -> Session:
    return a_session()


@pytest.fixture
def group(session: Session) -> str:
    name = f"group-{uuid4()}"
    session.client("scheduler").create_schedule_group(Name=name)
    return name


@pytest.fixture
def scheduler(group: str, session: Session) -> EventBridgeScheduler:
    return a_scheduler(group, session)


@pytest.fixture
def schedules(group: str, session: Session) -> Callable[[], list[Any]]:
    client = session.client("scheduler")

    def listed() -> list[Any]:
        names = [each["Name"] for each in client.list_schedules(GroupName=group)["Schedules"]]
        return [client.get_schedule(GroupName=group, Name=name) for name in names]

    return listed


def a_scheduler(group: str, session: Session) -> EventBridgeScheduler:
    return EventBridgeScheduler(
        group=group,
        role_arn=ROLE,
        queue_arn=ORDINARY,
        urgent_queue_arn=URGENT,
        queues={"heavy": HEAVY},
        session=session,
    )


def moment_of(schedule: Any) -> datetime:
    moment = datetime.strptime(schedule["ScheduleExpression"], "at(%Y-%m-%dT%H:%M:%S)")  # noqa: DTZ007  # UTC
    return moment.replace(tzinfo=UTC)


class TestEventBridgeScheduler(SchedulerContract):
    @pytest.fixture
    def scheduler(self, group: str, session: Session) -> EventBridgeScheduler:
        return a_scheduler(group, session)

    @pytest.fixture
    def rings(self, schedules: Callable[[], list[Any]]) -> Callable[[], Rings]:
        return lambda: [
            (moment_of(each), bell_wire.decode(each["Target"]["Input"]))
            for each in sorted(schedules(), key=moment_of)
        ]


def test_a_schedule_rings_once_in_utc_and_removes_itself(
    scheduler: EventBridgeScheduler, schedules: Callable[[], list[Any]]
) -> None:
    scheduler.ring_at(a_bell(), TOMORROW)

    (schedule,) = schedules()

    assert schedule["ScheduleExpression"] == "at(2026-11-23T12:00:00)"
    assert schedule["ScheduleExpressionTimezone"] == "UTC"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert schedule["ActionAfterCompletion"] == "DELETE"
    assert schedule["Target"]["RoleArn"] == ROLE


@pytest.mark.parametrize(
    ("bell", "arn"),
    [
        (a_bell(), ORDINARY),
        (a_bell(urgent=True), URGENT),
        (replace(a_bell(urgent=True), queue="heavy"), HEAVY),
    ],
    ids=["ordinary", "urgent", "named"],
)
def test_it_rings_in_the_queue_that_the_bell_belongs_to(
    scheduler: EventBridgeScheduler, schedules: Callable[[], list[Any]], bell: Bell, arn: str
) -> None:
    scheduler.ring_at(bell, TOMORROW)

    (schedule,) = schedules()

    assert schedule["Target"]["Arn"] == arn


@pytest.mark.parametrize("run_id", ["run-1", "01K" + "A" * 23, "Läufe / 7 " * 20])
def test_its_name_is_one_that_aws_takes_and_begins_with_the_run(
    scheduler: EventBridgeScheduler, schedules: Callable[[], list[Any]], run_id: str
) -> None:
    scheduler.ring_at(replace(a_bell(), run_id=run_id), TOMORROW)

    (schedule,) = schedules()

    assert re.fullmatch(r"[0-9a-zA-Z-_.]{1,64}", schedule["Name"])
    assert schedule["Name"].startswith(re.sub("[^0-9a-zA-Z-]", "-", run_id)[:26])


def test_a_payload_too_large_for_a_schedule_stays_behind(
    scheduler: EventBridgeScheduler, schedules: Callable[[], list[Any]]
) -> None:
    scheduler.ring_at(replace(a_bell(), payload={"input": "x" * 300_000}), TOMORROW)

    (schedule,) = schedules()

    assert bell_wire.decode(schedule["Target"]["Input"]) == replace(a_bell(), payload=None)


def test_a_group_that_is_not_there_says_which_setting_to_check(group: str) -> None:
    session = a_session()
    Mouth(session, "scheduler.CreateSchedule", refusal("ResourceNotFoundException", status=404))

    with pytest.raises(
        UnavailableError, match=r"does not exist; check HEADRACE_SCHEDULE_GROUP\.$"
    ):
        a_scheduler(group, session).ring_at(a_bell(), TOMORROW)


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("ThrottlingException", status=429),
        refusal("ServiceQuotaExceededException", status=402),
        EndpointConnectionError(endpoint_url="https://example.org"),
    ],
    ids=["throttled", "full", "unreachable"],
)
def test_a_group_that_does_not_answer_is_named(
    group: str, trouble: dict[str, object] | Exception
) -> None:
    session = a_session()
    Mouth(session, "scheduler.CreateSchedule", trouble)

    with pytest.raises(UnavailableError, match=f"^The schedule group '{group}' is "):
        a_scheduler(group, session).ring_at(a_bell(), TOMORROW)


def test_a_missing_permission_is_named(group: str) -> None:
    session = a_session()
    Mouth(session, "scheduler.CreateSchedule", refusal("AccessDeniedException", status=403))

    with pytest.raises(DeniedError, match="its role must allow CreateSchedule"):
        a_scheduler(group, session).ring_at(a_bell(), TOMORROW)
