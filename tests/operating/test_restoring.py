"""A table put back to an earlier moment: what was under way goes on, and says so again."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import boto3
import pytest

from tests.support.by_hand import ByHand, by_hand

LONG: Final = {"text": "long " * 2_000}
RESTORED: Final = "headrace-restored"
SOON: Final = timedelta(minutes=2)


@pytest.fixture
def aws() -> Iterator[ByHand]:
    with by_hand("tests.operating.kept_flows", PublishedEvents="*") as played:
        yield played


def subscribe(aws: ByHand) -> str:
    """Return the URL of a queue that gets all that the bus does."""
    events, sqs = boto3.client("events"), boto3.client("sqs")
    url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.account.region}:123456789012:subscriber"
    bus = aws.account.outputs["EventBusName"]
    pattern = json.dumps({"source": ["headrace"]})
    events.put_rule(Name="all", EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    return url


def heard(url: str) -> dict[str, str]:
    """Take the events that came, and return their types by their ids."""
    sqs = boto3.client("sqs")
    found: dict[str, str] = {}
    while received := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in received:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
            event = json.loads(each["Body"])
            found[event["detail"]["id"]] = event["detail-type"]
    return found


def take_copy(aws: ByHand) -> None:
    """Put what the table holds now into another one, as a restore to this moment would."""
    boto3.client("dynamodb").restore_table_to_point_in_time(
        SourceTableName=aws.account.outputs["TableName"],
        TargetTableName=RESTORED,
        UseLatestRestorableTime=True,
    )


def put_back(aws: ByHand) -> None:
    """Give the copy the name that the stack knows; the guide says it in the same words."""
    dynamodb = boto3.client("dynamodb")
    table = aws.account.outputs["TableName"]
    dynamodb.delete_table(TableName=table)
    backup = dynamodb.create_backup(TableName=RESTORED, BackupName="headrace-restored")
    dynamodb.restore_table_from_backup(
        TargetTableName=table, BackupArn=backup["BackupDetails"]["BackupArn"]
    )
    dynamodb.update_time_to_live(
        TableName=table,
        TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
    )
    dynamodb.update_continuous_backups(
        TableName=table,
        PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
    )


def begun(aws: ByHand) -> str:
    """Return the id of a run whose stages wait for their bells."""
    run_id = aws.start("leaving", LONG)
    aws.answer_bells()
    assert aws.shown(run_id)["status"] == "RUNNING"
    return run_id


def test_what_was_under_way_goes_on_without_the_bells_that_are_gone(aws: ByHand) -> None:
    run_id = begun(aws)
    take_copy(aws)
    before = aws.finish(run_id)
    put_back(aws)

    left = aws.shown(run_id)["status"]
    aws.skip(SOON)
    aws.tick()
    after = aws.finish(run_id)

    assert (left, after["status"]) == ("RUNNING", "COMPLETED")
    assert told(after) == told(before)


def test_events_are_published_again_under_the_same_ids(aws: ByHand) -> None:
    url = subscribe(aws)
    run_id = begun(aws)
    take_copy(aws)
    aws.finish(run_id)
    first = heard(url)
    put_back(aws)

    aws.skip(SOON)
    aws.tick()
    aws.finish(run_id)

    again = heard(url)
    assert "workflow:completed" in again.values()
    assert again.items() <= first.items()


def test_a_run_that_was_made_since_is_gone_and_its_late_bells_do_nothing(aws: ByHand) -> None:
    take_copy(aws)
    run_id = begun(aws)
    put_back(aws)

    aws.finish(run_id)

    assert aws.request("GET", f"/runs/{run_id}").status == 404
    assert aws.items() == []


def told(run: Any) -> dict[str, Any]:
    """Return what became of a run, without when."""
    return {stage["stage_id"]: (stage["status"], stage["attempt"]) for stage in run["stages"]}
