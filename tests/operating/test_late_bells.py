"""A bell among the dead letters is not missed, and harmless when it is rung late."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest
from typer.testing import CliRunner

from functions.local import redriving
from functions.local.cli import app
from tests.support.by_hand import ByHand, by_hand
from tests.support.move_tasks import MoveTasks

LONG: Final = {"text": "long " * 2_000}
A_MINUTE: Final = timedelta(minutes=1)
RECEIVES: Final = 5


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[ByHand]:
    monkeypatch.setattr(redriving, "_PAUSE", 0)
    with by_hand("tests.operating.kept_flows") as played:
        MoveTasks().install(monkeypatch)
        yield played


def fail_bells(aws: ByHand) -> int:
    """Receive whatever rings so often that it is given up on; return how many bells died."""
    sqs = boto3.client("sqs")
    url = aws.account.outputs["QueueUrl"]
    for _ in range(RECEIVES + 1):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return waiting(aws.account.outputs["DeadLetterQueueUrl"])


def waiting(url: str) -> int:
    names: Any = ["ApproximateNumberOfMessages"]
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return int(found["Attributes"][names[0]])


def redrive() -> int:
    return CliRunner().invoke(app, ["redrive", "--stack", "headrace", "--yes"]).exit_code


def test_a_run_whose_bells_have_died_goes_on_without_them(aws: ByHand) -> None:
    run_id = aws.start("leaving", LONG)
    died = fail_bells(aws)

    aws.skip(2 * A_MINUTE)
    aws.tick()

    assert died == 1
    assert aws.finish(run_id)["status"] == "COMPLETED"
    assert waiting(aws.account.outputs["DeadLetterQueueUrl"]) == 1


def test_bells_that_are_redriven_when_their_run_is_over_change_nothing(aws: ByHand) -> None:
    run_id = aws.start("leaving", LONG)
    died = fail_bells(aws)
    aws.skip(2 * A_MINUTE)
    aws.tick()
    died = fail_bells(aws)
    aws.skip(20 * A_MINUTE)
    aws.tick()
    aws.finish(run_id)
    before = (aws.items(), aws.blobs())

    code = redrive()

    assert (code, died) == (0, 3)
    assert aws.answer_bells() == 1
    assert aws.finish(run_id)["status"] == "COMPLETED"
    assert (aws.items(), aws.blobs()) == before
    assert waiting(aws.account.outputs["DeadLetterQueueUrl"]) == 0


def test_bells_that_are_redriven_when_their_run_is_gone_leave_nothing_behind(
    aws: ByHand,
) -> None:
    run_id = aws.start("leaving", LONG)
    fail_bells(aws)
    aws.skip(2 * A_MINUTE)
    aws.tick()
    aws.finish(run_id)
    aws.skip(timedelta(days=31))
    aws.tick()

    code = redrive()

    assert code == 0
    assert aws.answer_bells() == 1
    assert (aws.items(), aws.blobs(), aws.answer_bells()) == ([], [], 0)


def test_a_run_can_be_waked_up_by_its_dead_bells_before_the_tick_does(aws: ByHand) -> None:
    run_id = aws.start("leaving", LONG)
    fail_bells(aws)

    redrive()

    assert aws.finish(run_id)["status"] == "COMPLETED"
