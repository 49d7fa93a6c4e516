"""What the template makes, and what its policies allow."""

import json

import pytest
from cfnlint.api import lint

from functions.local.account import REGION
from functions.local.template import references
from tests.template.reading import Json, actions, as_list, given, properties, statements

FUNCTIONS = ["WorkerFunction", "TickFunction", "ApiFunction"]
ROLES = ["WorkerRole", "TickRole", "ApiRole", "SchedulerRole"]
FED = {"Queue": "DeadLetterQueue", "UrgentQueue": "UrgentDeadLetterQueue"}
QUEUES = {**FED, "heavyQueue": "heavyDeadLetterQueue"}
EVENT_SOURCES = {"WorkerFunctionBells": "Queue", "WorkerFunctionUrgentBells": "UrgentQueue"}
ENVIRONMENT = {
    "HEADRACE_TABLE",
    "HEADRACE_BUCKET",
    "HEADRACE_QUEUE_URL",
    "HEADRACE_QUEUE_ARN",
    "HEADRACE_URGENT_QUEUE_URL",
    "HEADRACE_URGENT_QUEUE_ARN",
    "HEADRACE_QUEUES",
    "HEADRACE_BUS",
    "HEADRACE_SCHEDULE_GROUP",
    "HEADRACE_SCHEDULER_ROLE_ARN",
    "HEADRACE_WORKFLOWS",
    "HEADRACE_PUBLISHED_EVENTS",
    "HEADRACE_DUE_SHARDS",
    "HEADRACE_RETENTION_DAYS",
    "HEADRACE_MODEL_KEYS",
    "HEADRACE_BATCH_ROLE_ARN",
    "HEADRACE_KEEP_PROMPTS",
    "HEADRACE_REDACTIONS",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_SERVICE_NAME",
    "RELEASE",
}
# Lambda's longest, and six times that: what AWS advises for a queue that feeds a function.
LONGEST, PATIENCE = 900, 6


def test_cloudformations_linter_finds_nothing_wrong(template: Json) -> None:
    text = json.dumps(template)

    findings = lint(text, regions=[REGION])

    assert findings == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_gets_the_whole_environment(template: Json, name: str) -> None:
    variables = properties(template, name)["Environment"]["Variables"]

    assert variables.keys() - {"HEADRACE_API_URL"} == ENVIRONMENT


def test_only_the_worker_knows_the_api_which_does_not_know_it(template: Json) -> None:
    knowing = [
        name
        for name in FUNCTIONS
        if "HEADRACE_API_URL" in properties(template, name)["Environment"]["Variables"]
    ]

    assert knowing == ["WorkerFunction"]
    api = [properties(template, name) for name in ("Api", "ApiStage", "ApiFunction", "ApiRole")]
    assert not [name for name in references(api) if name.startswith("Worker")]
    assert (
        template["Outputs"]["ApiUrl"]["Value"]
        == (properties(template, "WorkerFunction")["Environment"]["Variables"]["HEADRACE_API_URL"])
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_runs_lean_and_traced(template: Json, name: str) -> None:
    function = properties(template, name)

    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["TracingConfig"] == {"Mode": {"Ref": "Tracing"}}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_logs_to_a_group_that_forgets(template: Json, name: str) -> None:
    group = properties(template, name)["LoggingConfig"]["LogGroup"]["Ref"]

    assert properties(template, group)["RetentionInDays"] == {"Ref": "LogRetentionDays"}


@pytest.mark.parametrize(("name", "dead"), QUEUES.items())
def test_every_queue_gives_up_into_one_of_its_own(template: Json, name: str, dead: str) -> None:
    redrive = properties(template, name)["RedrivePolicy"]

    assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [dead, "Arn"]}
    assert redrive["maxReceiveCount"] == 5
    assert properties(template, dead)["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


@pytest.mark.parametrize(("name", "dead"), QUEUES.items())
def test_nothing_but_its_queue_gives_up_into_a_queue_of_dead_letters(
    template: Json, name: str, dead: str
) -> None:
    queue = properties(template, name)["QueueName"]["Fn::Sub"]

    allowed = properties(template, dead)["RedriveAllowPolicy"]

    (source,) = allowed["sourceQueueArns"]
    assert allowed["redrivePermission"] == "byQueue"
    # By name, since either of the two would have to be made before the other.
    assert source["Fn::Sub"].endswith(f":{queue}")


@pytest.mark.parametrize("name", FED)
def test_visibility_follows_from_the_workers_timeout(template: Json, name: str) -> None:
    timeouts = [int(each) for each in template["Parameters"]["WorkerTimeout"]["AllowedValues"]]

    visibility = template["Mappings"]["Visibility"]

    assert properties(template, "WorkerFunction")["Timeout"] == {"Ref": "WorkerTimeout"}
    assert properties(template, name)["VisibilityTimeout"] == {
        "Fn::FindInMap": ["Visibility", {"Ref": "WorkerTimeout"}, "Seconds"]
    }
    assert max(timeouts) == LONGEST
    assert visibility == {str(each): {"Seconds": each * PATIENCE} for each in timeouts}


@pytest.mark.parametrize(("name", "queue"), EVENT_SOURCES.items())
def test_the_worker_answers_record_by_record(template: Json, name: str, queue: str) -> None:
    source = properties(template, name)

    assert source["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert source["BatchSize"] == 1
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": {"Ref": "WorkerConcurrency"}}


def test_a_failed_tick_is_left_to_the_next_one(template: Json) -> None:
    rule = properties(template, "TickFunctionEveryMinute")
    invocation = properties(template, "TickFunctionEventInvokeConfig")

    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["Targets"][0]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert invocation["MaximumRetryAttempts"] == 0


def test_records_outlive_the_stack_and_can_be_recovered(template: Json) -> None:
    table = properties(template, "Table")

    assert template["Resources"]["Table"]["DeletionPolicy"] == "Retain"
    assert template["Resources"]["Table"]["UpdateReplacePolicy"] == "Retain"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_indexes_hold_keys_only(template: Json) -> None:
    indexes = properties(template, "Table")["GlobalSecondaryIndexes"]

    assert {
        each["IndexName"]: [key["AttributeName"] for key in each["KeySchema"]] for each in indexes
    } == {"due": ["due_shard", "due_at"], "runs": ["runs_hash", "runs_sort"]}
    assert [each["Projection"] for each in indexes] == [{"ProjectionType": "KEYS_ONLY"}] * 2


def test_the_bucket_is_private_encrypted_and_kept(template: Json) -> None:
    bucket = properties(template, "BlobBucket")

    assert template["Resources"]["BlobBucket"]["DeletionPolicy"] == "Retain"
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"],
        True,
    )
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]


def test_the_bucket_answers_over_tls_only(template: Json) -> None:
    policy = properties(template, "BlobBucketPolicy")

    (statement,) = policy["PolicyDocument"]["Statement"]

    assert policy["Bucket"] == {"Ref": "BlobBucket"}
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_no_rule_of_the_bucket_deletes_a_blob(template: Json) -> None:
    rules = properties(template, "BlobBucket")["LifecycleConfiguration"]["Rules"]

    assert rules == [
        {
            "Id": "batches-long-read",
            "Status": "Enabled",
            "Prefix": "batches/",
            "ExpirationInDays": 30,
        },
        {
            "Id": "uploads-never-finished",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]


@pytest.mark.parametrize("role", ROLES)
def test_no_policy_allows_a_wildcard(template: Json, role: str) -> None:
    # X-Ray knows no resources; of the others, each action has one.
    granted = [each for each in statements(template, role) if each["Sid"] != "Traces"]

    assert not [name for name in actions(template, role) if "*" in name]
    assert "*" not in [each for grant in granted for each in as_list(grant["Resource"])]
    # That of models is looked at where it is there.
    assert "ManagedPolicyArns" not in properties(given(), role)


def test_only_the_tick_may_ask_what_is_due(template: Json) -> None:
    due = {"Fn::Sub": "${Table.Arn}/index/due"}

    askers = [
        role
        for role in ROLES
        for each in statements(template, role)
        if due in as_list(each["Resource"])
    ]

    assert askers == ["TickRole"]


def test_each_role_may_do_its_own_work_and_no_more(template: Json) -> None:
    worker, tick, api, scheduler = (actions(template, role) for role in ROLES)

    assert worker - tick == {
        *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        *("s3:PutObject", "dynamodb:ConditionCheckItem"),
    }
    assert tick - worker == {"dynamodb:DeleteItem", "dynamodb:BatchWriteItem"}
    assert api - worker == set()
    assert "s3:DeleteObject" not in api
    assert {name for name in worker if name.startswith("dynamodb:")} == {
        *("dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        "dynamodb:ConditionCheckItem",
    }
    assert scheduler == {"sqs:SendMessage"}


def test_every_resource_that_has_a_name_is_told(template: Json) -> None:
    told = {name for each in template["Outputs"].values() for name in references(each["Value"])}
    kinds = {
        *("DynamoDB::Table", "S3::Bucket", "SQS::Queue", "Events::EventBus", "SNS::Topic"),
        *("Lambda::Function", "Logs::LogGroup", "CloudWatch::Dashboard"),
    }

    named = {
        name
        for name, each in template["Resources"].items()
        if each["Type"].removeprefix("AWS::") in kinds
    }

    assert named <= told
