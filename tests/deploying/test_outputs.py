"""What the stack says that it has made is there, and is what its functions are told to use."""

import json
from typing import Any

import pytest

from functions.settings import Settings
from tests.deploying.sites import Site
from tests.privilege.crew import API, TICK, WORKER

OUTPUTS = {
    "table": "TableName",
    "bucket": "BlobBucketName",
    "queue_url": "QueueUrl",
    "urgent_queue_url": "UrgentQueueUrl",
    "bus": "EventBusName",
    "schedule_group": "ScheduleGroupName",
    "scheduler_role_arn": "SchedulerRoleArn",
}
DEAD_LETTERS = {
    "QueueUrl": "DeadLetterQueueUrl",
    "UrgentQueueUrl": "UrgentDeadLetterQueueUrl",
    "heavyQueueUrl": "heavyDeadLetterQueueUrl",
}


def settings(site: Site, function: str) -> Settings:
    region = {"AWS_REGION": str(site.session.region_name or "us-east-1")}
    return Settings.from_environment({**site.environment(function), **region})


def arn_of(site: Site, output: str) -> str:
    asked: Any = site.session.client("sqs").get_queue_attributes(
        QueueUrl=site.outputs[output], AttributeNames=["QueueArn"]
    )
    return str(asked["Attributes"]["QueueArn"])


@pytest.mark.parametrize("function", [WORKER, TICK, API])
def test_a_function_is_told_what_the_stack_says_that_it_made(site: Site, function: str) -> None:
    told = settings(site, function).model_dump()

    used = {name: told[name] for name in OUTPUTS}

    assert used == {name: site.outputs[output] for name, output in OUTPUTS.items()}


def test_links_lead_to_the_api_of_the_stack(site: Site) -> None:
    told = settings(site, WORKER)

    assert told.api_url == site.outputs["ApiUrl"]


def test_schedules_ring_in_the_queues_that_feed_the_worker(site: Site) -> None:
    told = settings(site, WORKER)

    assert told.queue_arn == arn_of(site, "QueueUrl")
    assert told.urgent_queue_arn == arn_of(site, "UrgentQueueUrl")


@pytest.mark.parametrize("function", [WORKER, TICK, API])
def test_bells_of_named_queues_ring_where_the_stack_has_them(site: Site, function: str) -> None:
    told = settings(site, function)

    assert told.queue_urls == {"heavy": site.outputs["heavyQueueUrl"]}
    assert told.queue_arns == {"heavy": arn_of(site, "heavyQueueUrl")}


def test_what_the_outputs_name_is_there(site: Site) -> None:
    session, outputs = site.session, site.outputs

    table = session.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]
    buckets: Any = session.client("s3").list_buckets()["Buckets"]
    bus: Any = session.client("events").describe_event_bus(Name=outputs["EventBusName"])
    groups: Any = session.client("scheduler").list_schedule_groups()["ScheduleGroups"]

    assert {each["IndexName"] for each in table["GlobalSecondaryIndexes"]} == {"due", "runs"}
    assert outputs["BlobBucketName"] in [bucket["Name"] for bucket in buckets]
    assert bus["Arn"] == outputs["EventBusArn"]
    assert outputs["ScheduleGroupName"] in [group["Name"] for group in groups]


@pytest.mark.parametrize(("queue", "dead"), DEAD_LETTERS.items())
def test_a_queue_gives_up_into_the_one_that_the_outputs_name(
    site: Site, queue: str, dead: str
) -> None:
    asked: Any = site.session.client("sqs").get_queue_attributes(
        QueueUrl=site.outputs[queue], AttributeNames=["RedrivePolicy"]
    )

    redrive = json.loads(asked["Attributes"]["RedrivePolicy"])

    assert redrive["deadLetterTargetArn"] == arn_of(site, dead)
    assert int(redrive["maxReceiveCount"]) == 5
