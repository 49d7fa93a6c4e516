"""The embedded account holds what the template asks for, and one request at a time."""

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from typing import Any

import boto3
import pytest
from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

from functions.local.account import Account, open_account
from functions.local.event_shapes import HOST
from functions.local.template import TEMPLATE
from kernel.model.ids import job_id

EVENTS = TEMPLATE.parent / "events"


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with open_account() as opened:
        yield opened


@pytest.fixture
def worker(account: Account) -> dict[str, str]:
    return dict(account.environments["WorkerFunction"])


def sample(name: str) -> Any:
    return json.loads((EVENTS / name).read_text(encoding="utf-8"))


def test_the_table_has_both_indexes(worker: dict[str, str]) -> None:
    dynamodb = boto3.client("dynamodb")

    table = dynamodb.describe_table(TableName=worker["HEADRACE_TABLE"])["Table"]

    assert {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in table["GlobalSecondaryIndexes"]
    } == {"due": ["due_shard", "due_at"], "runs": ["runs_hash", "runs_sort"]}
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


def test_the_table_forgets_and_recovers_as_the_template_says(worker: dict[str, str]) -> None:
    dynamodb = boto3.client("dynamodb")

    ttl = dynamodb.describe_time_to_live(TableName=worker["HEADRACE_TABLE"])
    backups = dynamodb.describe_continuous_backups(TableName=worker["HEADRACE_TABLE"])

    assert ttl["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_bell_that_fails_five_times_ends_in_the_queue_for_dead_letters(
    account: Account, worker: dict[str, str]
) -> None:
    sqs = boto3.client("sqs")
    bells, dead = worker["HEADRACE_URGENT_QUEUE_URL"], account.outputs["UrgentDeadLetterQueueUrl"]
    sqs.send_message(QueueUrl=bells, MessageBody="ding")

    received = [sqs.receive_message(QueueUrl=bells, VisibilityTimeout=0) for _ in range(6)]

    assert [len(each.get("Messages", [])) for each in received] == [1, 1, 1, 1, 1, 0]
    assert account.dead_letter_queues[bells] == dead
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "ding"


def test_the_bucket_the_bus_and_the_schedule_group_are_there(worker: dict[str, str]) -> None:
    group, bus = worker["HEADRACE_SCHEDULE_GROUP"], worker["HEADRACE_BUS"]

    block = boto3.client("s3").get_public_access_block(Bucket=worker["HEADRACE_BUCKET"])
    found_bus = boto3.client("events").describe_event_bus(Name=bus)
    found_group = boto3.client("scheduler").get_schedule_group(Name=group)

    assert all(block["PublicAccessBlockConfiguration"].values())
    assert found_bus["Name"] == bus
    assert found_group["Name"] == group


def test_every_function_has_its_whole_environment(account: Account) -> None:
    worker, tick, api = (
        account.environments[name] for name in ("WorkerFunction", "TickFunction", "ApiFunction")
    )

    assert {**worker, "HEADRACE_API_URL": ""} == {**tick, "HEADRACE_API_URL": ""}
    assert tick == api
    empty = {"HEADRACE_BATCH_ROLE_ARN", "HEADRACE_MODEL_KEYS", "HEADRACE_REDACTIONS"}
    assert {name for name, value in worker.items() if not value} == empty
    assert worker["HEADRACE_API_URL"] == account.outputs["ApiUrl"] == f"https://{HOST}"
    assert worker["HEADRACE_QUEUE_URL"] == account.outputs["QueueUrl"]
    assert (
        worker["HEADRACE_QUEUE_ARN"].split(":")[-1] == worker["HEADRACE_QUEUE_URL"].split("/")[-1]
    )
    assert worker["HEADRACE_SCHEDULER_ROLE_ARN"].startswith("arn:aws:iam::")
    assert worker["HEADRACE_DUE_SHARDS"] == "8"


def test_of_all_threads_that_claim_a_thing_one_wins(worker: dict[str, str]) -> None:
    dynamodb = boto3.client("dynamodb")

    def claim(thing: int) -> bool:
        put: TransactWriteItemTypeDef = {
            "Put": {
                "TableName": worker["HEADRACE_TABLE"],
                "Item": {"pk": {"S": f"THING#{thing}"}, "sk": {"S": "THING"}},
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }
        try:
            dynamodb.transact_write_items(TransactItems=[put])
        except dynamodb.exceptions.TransactionCanceledException:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(claim, [nth // 8 for nth in range(160)]))

    assert claims.count(True) == 20


def test_who_waits_for_a_message_lets_others_send_one(worker: dict[str, str]) -> None:
    sqs = boto3.client("sqs")
    queue = worker["HEADRACE_QUEUE_URL"]
    sender = Timer(0.1, sqs.send_message, kwargs={"QueueUrl": queue, "MessageBody": "ding"})

    sender.start()
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)

    assert [message["Body"] for message in received["Messages"]] == ["ding"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=received["Messages"][0]["ReceiptHandle"])


def test_nobodys_own_account_shows_through(account: Account) -> None:
    session = boto3.Session()

    assert session.region_name == account.region
    assert session.available_profiles == []
    assert "AWS_PROFILE" not in os.environ


@pytest.mark.parametrize("name", ["sqs_job.json", "sqs_jobs_one_bad.json"])
def test_a_sample_bell_names_its_job(name: str) -> None:
    record = sample(name)["Records"][0]

    bell = json.loads(record["body"])

    assert record["eventSource"] == "aws:sqs"
    assert bell["kind"] == "execute"
    assert bell["job_id"] == job_id(
        bell["run_id"], bell["stage_id"], bell["generation"], bell["attempt"]
    )


def test_the_second_of_three_sample_bells_is_no_bell() -> None:
    first, second, third = sample("sqs_jobs_one_bad.json")["Records"]

    with pytest.raises(json.JSONDecodeError):
        json.loads(second["body"])

    assert json.loads(first["body"])["run_id"] != json.loads(third["body"])["run_id"]


def test_the_sample_tick_is_a_scheduled_event() -> None:
    tick = sample("schedule_tick.json")

    assert (tick["source"], tick["detail-type"]) == ("aws.events", "Scheduled Event")


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("api_create_run.json", "POST /runs"),
        ("api_show_run.json", "GET /runs/{run_id}"),
        ("api_list_calls.json", "GET /runs/{run_id}/calls"),
        ("api_show_costs.json", "GET /costs"),
        ("api_raise_budget.json", "POST /runs/{run_id}/budget"),
        ("api_cancel_run.json", "POST /runs/{run_id}/cancel"),
        ("api_list_workflows.json", "GET /workflows"),
    ],
)
def test_each_sample_request_is_signed_and_names_its_route(name: str, route: str) -> None:
    request = sample(name)

    method, path = route.split()

    assert request["routeKey"] == request["requestContext"]["routeKey"] == route
    assert request["requestContext"]["http"]["method"] == method
    assert request["rawPath"] == path.format(**request.get("pathParameters", {}))
    assert "iam" in request["requestContext"]["authorizer"]
