"""Schedules go off when they are due, once, and what AWS does by itself goes on doing it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from adapters.eventbridge.scheduler import EventBridgeScheduler
from functions.local.account import Account, open_account
from functions.local.schedules import SchedulePump, moment_of
from functions.rhythm import Rhythm
from kernel.model.bell import Bell, BellKind
from kernel.model.bell_wire import decode

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
ROLE = "arn:aws:iam::123456789012:role/later"


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with open_account() as opened:
        yield opened


@pytest.fixture
def group(account: Account) -> str:
    return account.outputs["ScheduleGroupName"]


@pytest.fixture
def url(account: Account) -> str:
    return account.outputs["QueueUrl"]


@pytest.fixture
def arn(account: Account) -> str:
    return account.environments["WorkerFunction"]["HEADRACE_QUEUE_ARN"]


def put_off(group: str, arn: str, *, text: str) -> None:
    boto3.client("scheduler").create_schedule(
        Name=text,
        GroupName=group,
        ScheduleExpression="at(2027-03-01T12:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={"Arn": arn, "RoleArn": ROLE, "Input": text},
    )


def received(url: str) -> list[str]:
    answer = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in answer.get("Messages", [])]


def test_a_schedule_goes_off_when_it_is_due_and_only_once(group: str, url: str, arn: str) -> None:
    pump = SchedulePump(group=group)
    put_off(group, arn, text="ding")

    fired = [pump.fire_due(NOON + timedelta(seconds=wait)) for wait in (-1, 0, 1)]

    assert fired == [0, 1, 0]
    assert received(url) == ["ding"]
    assert not boto3.client("scheduler").list_schedules(GroupName=group)["Schedules"]


def test_a_schedule_whose_queue_is_gone_holds_up_no_other(group: str, url: str, arn: str) -> None:
    pump = SchedulePump(group=group)
    put_off(group, f"{arn}-gone", text="lost")
    put_off(group, arn, text="kept")

    fired = pump.fire_due(NOON)

    assert fired == 1
    assert received(url) == ["kept"]


def test_a_bell_that_the_engine_put_off_arrives_as_it_was(
    account: Account, group: str, url: str, arn: str
) -> None:
    bell = Bell(kind=BellKind.START, run_id="run-1", workflow_id="hello", not_before=NOON)
    scheduler = EventBridgeScheduler(
        group=group, role_arn=ROLE, queue_arn=arn, urgent_queue_arn=arn
    )

    scheduler.ring_at(bell, NOON)
    fired = SchedulePump(group=group).fire_due(NOON)

    assert fired
    assert [decode(text) for text in received(url)] == [bell]


@pytest.mark.parametrize(
    ("zone", "moment"), [("UTC", NOON), ("Europe/Paris", NOON - timedelta(hours=1))]
)
def test_a_moment_is_read_in_its_own_time_zone(zone: str, moment: datetime) -> None:
    schedule = {
        "ScheduleExpression": "at(2027-03-01T12:00:00)",
        "ScheduleExpressionTimezone": zone,
    }

    read = moment_of(schedule)

    assert read == moment


def test_a_rhythm_goes_on_after_a_beat_that_failed() -> None:
    beats: list[Any] = []
    thrice = threading.Event()

    def beat() -> None:
        beats.append(None)
        if len(beats) == 3:
            thrice.set()
        raise ValueError("a bug")

    rhythm = Rhythm(beat, every=timedelta(milliseconds=5), name="beat")
    rhythm.start()
    went_on = thrice.wait(timeout=10)
    ended = rhythm.stop(grace=timedelta(seconds=10))

    assert went_on
    assert ended
