"""The gate itself: it denies as AWS does, to boto3 and PynamoDB, and sees what is not needed."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from adapters.aws.errors import DeniedError
from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import THERE, Delete, Operation, Put, Require
from adapters.dynamodb.table_items import TableItems
from adapters.s3.blob_store import S3BlobStore
from adapters.system.clock import SystemClock
from adapters.system.entropy import RandomEntropy
from kernel.errors import NotFoundError
from tests.privilege.gate import Gate, Role
from tests.privilege.needs import arn, blob_arn, needs_of
from tests.privilege.statements import Grant
from tests.support.tables import make_table

TABLE, BUCKET = "records", "blobs"
ON_TABLE = arn("dynamodb", f"table/{TABLE}")
HERE, THERE_TOO = Key(pk="a", sk="1"), Key(pk="a", sk="2")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    gate = Gate()
    with gate.up(), mock_aws():
        make_table(boto3.Session().client("dynamodb"), TABLE)
        boto3.Session().client("s3").create_bucket(Bucket=BUCKET)
        yield gate


@pytest.fixture
def items(gate: Gate) -> TableItems:
    return TableItems(
        table=TABLE, region="us-east-1", clock=SystemClock(), entropy=RandomEntropy()
    )


@pytest.fixture
def blobs(gate: Gate) -> S3BlobStore:
    return S3BlobStore(bucket=BUCKET, session=boto3.Session())


def a_role(*granted: tuple[str, str]) -> Role:
    grants = [
        Grant(sid="", effect="Allow", action=action, resource=resource)
        for action, resource in granted
    ]
    return Role(name="worker", grants=tuple(grants))


def on_table(*actions: str) -> Sequence[tuple[str, str]]:
    return [(f"dynamodb:{action}", ON_TABLE) for action in actions]


def test_what_is_granted_is_let_through_and_is_not_idle(gate: Gate, items: TableItems) -> None:
    role = a_role(*on_table("PutItem", "GetItem", "Query"))

    with gate.acting(role):
        items.write([Put(key=HERE, item={"pk": "a", "sk": "1"})])
        found = items.get(HERE)

    assert found == {"pk": "a", "sk": "1"}
    assert (role.denied, role.idle) == ([], [f": dynamodb:Query on {ON_TABLE}"])


def test_what_is_not_granted_is_denied_by_its_name(gate: Gate, items: TableItems) -> None:
    role = a_role(*on_table("GetItem"))

    with gate.acting(role), pytest.raises(DeniedError, match="must allow dynamodb:PutItem on arn"):
        items.write([Put(key=HERE, item={"pk": "a", "sk": "1"})])

    assert [str(request) for request in role.denied] == [f"dynamodb:PutItem on {ON_TABLE}"]
    assert items.get(HERE) is None


@pytest.mark.parametrize("missing", ["PutItem", "DeleteItem", "ConditionCheckItem"])
def test_a_transaction_needs_what_each_of_its_items_needs(
    missing: str, gate: Gate, items: TableItems
) -> None:
    items.write([Put(key=HERE, item={"pk": "a", "sk": "1"})])
    items.write([Put(key=THERE_TOO, item={"pk": "a", "sk": "2"})])
    role = a_role(*on_table(*{"PutItem", "DeleteItem", "ConditionCheckItem"} - {missing}))
    operations: list[Operation] = [
        Put(key=Key(pk="a", sk="3"), item={"pk": "a", "sk": "3"}),
        Delete(key=THERE_TOO),
        Require(key=HERE, requires=(THERE,)),
    ]

    with gate.acting(role), pytest.raises(Exception, match=f"transaction|dynamodb:{missing}"):
        items.write(operations)

    assert [request.action for request in role.denied] == [f"dynamodb:{missing}"]
    assert items.get(THERE_TOO) is not None


def test_a_blob_that_is_missing_is_denied_to_who_may_not_list(
    gate: Gate, blobs: S3BlobStore
) -> None:
    reading = ("s3:GetObject", blob_arn(BUCKET, "*"))
    listing = ("s3:ListBucket", f"arn:aws:s3:::{BUCKET}")

    with gate.acting(a_role(reading, listing)), pytest.raises(NotFoundError):
        blobs.get("runs/1")
    with gate.acting(a_role(reading)), pytest.raises(Exception, match="s3:ListBucket"):
        blobs.get("runs/1")
    with gate.acting(a_role(reading)), pytest.raises(Exception, match="s3:ListBucket"):
        blobs.exists("runs/1")


def test_blobs_that_may_not_go_are_kept_one_by_one(gate: Gate, blobs: S3BlobStore) -> None:
    s3: Any = boto3.Session().client("s3")
    for key in ("runs/1", "other/1"):
        blobs.put(key, b"", content_type="text/plain")
    role = a_role(("s3:DeleteObject", blob_arn(BUCKET, "runs/*")))
    objects = [{"Key": "runs/1"}, {"Key": "other/1"}]

    with gate.acting(role):
        answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})

    assert [kept["Key"] for kept in answer["Errors"]] == ["other/1"]
    assert blobs.exists("other/1")


def test_what_two_grants_allow_is_needed_of_neither(gate: Gate, blobs: S3BlobStore) -> None:
    role = a_role(("s3:PutObject", blob_arn(BUCKET, "*")), ("s3:*", blob_arn(BUCKET, "runs/*")))

    with gate.acting(role):
        blobs.put("runs/1", b"", content_type="text/plain")

    assert len(role.idle) == 2


def test_an_operation_that_the_gate_does_not_know_is_denied(gate: Gate) -> None:
    role = a_role(("sts:AssumeRole", "*"))
    sts: Any = boto3.Session().client("sts")

    with gate.acting(role), pytest.raises(ClientError, match="sts:GetCallerIdentity") as denied:
        sts.get_caller_identity()

    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_an_index_is_a_resource_of_its_own() -> None:
    asked = {"TableName": TABLE, "IndexName": "due"}

    [need] = needs_of("dynamodb", "Query", asked)

    assert str(need) == f"dynamodb:Query on {ON_TABLE}/index/due"


def test_a_schedule_needs_its_role_to_be_passed() -> None:
    role = "arn:aws:iam::123456789012:role/ringer"
    asked = {"Name": "bell", "GroupName": "later", "Target": {"RoleArn": role}}

    needs = needs_of("scheduler", "CreateSchedule", asked)

    assert [str(need) for need in needs] == [
        f"scheduler:CreateSchedule on {arn('scheduler', 'schedule/later/bell')}",
        f"iam:PassRole on {role}",
    ]
    assert needs[1].facts == {"iam:PassedToService": "scheduler.amazonaws.com"}
