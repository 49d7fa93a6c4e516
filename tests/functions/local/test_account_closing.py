"""An account that was closed leaves nothing behind. Apart, since only one is open at a time."""

import os

import boto3
import pytest
from moto.dynamodb.responses import DynamoHandler
from moto.sqs.responses import SQSResponse

from functions.local.account import open_account


def test_a_closed_account_leaves_the_process_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_REGION", raising=False)
    before = dict(os.environ), DynamoHandler.call_action, SQSResponse.call_action

    with open_account():
        inside = dict(os.environ), DynamoHandler.call_action, SQSResponse.call_action

    assert all(mine != theirs for mine, theirs in zip(before, inside, strict=True))
    assert before == (dict(os.environ), DynamoHandler.call_action, SQSResponse.call_action)


def test_parameters_reach_the_resources_and_the_functions() -> None:
    given = {"WorkerTimeout": "300", "DueShards": "3"}

    with open_account(parameters=given) as account:
        queue = boto3.client("sqs").get_queue_attributes(
            QueueUrl=account.outputs["QueueUrl"], AttributeNames=["VisibilityTimeout"]
        )

    assert queue["Attributes"]["VisibilityTimeout"] == "1800"
    assert account.environments["TickFunction"]["HEADRACE_DUE_SHARDS"] == "3"


def test_two_accounts_in_a_row_share_nothing() -> None:
    with open_account() as first:
        boto3.client("sqs").send_message(QueueUrl=first.outputs["QueueUrl"], MessageBody="ding")

    with open_account() as second:
        received = boto3.client("sqs").receive_message(QueueUrl=second.outputs["QueueUrl"])

    assert "Messages" not in received
