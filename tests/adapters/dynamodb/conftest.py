"""A table in moto, made anew for each test: moto copies all of it for every transaction."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_dynamodb.type_defs import KeySchemaElementTypeDef

from adapters.dynamodb.persistence import DynamoPersistence, dynamo_persistence
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from tests.support.aws import REGION
from tests.support.moto import make_atomic

TABLE = "headrace"
NAMES = ("pk", "sk", "due_shard", "due_at", "runs_hash", "runs_sort")
INDEXES = (("due", "due_shard", "due_at"), ("runs", "runs_hash", "runs_sort"))


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    make_atomic()
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def client(aws: None) -> DynamoDBClient:
    return boto3.client("dynamodb", region_name=REGION)


@pytest.fixture(scope="module")
def client_of_table(aws: None) -> DynamoPersistence:
    """Return persistence in the table that each test makes; its connection serves them all."""
    return dynamo_persistence(
        table=TABLE, region=REGION, clock=SkippingClock(), entropy=SeededEntropy()
    )


@pytest.fixture
def table(client: DynamoDBClient) -> Iterator[str]:
    """Make the table as the template does."""
    client.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in NAMES],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": name,
                "KeySchema": _keys(hash_, range_),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for name, hash_, range_ in INDEXES
        ],
    )
    yield TABLE
    client.delete_table(TableName=TABLE)


@pytest.fixture
def dynamo(table: str, client_of_table: DynamoPersistence) -> DynamoPersistence:
    return client_of_table


def _keys(hash_: str, range_: str) -> list[KeySchemaElementTypeDef]:
    return [
        {"AttributeName": hash_, "KeyType": "HASH"},
        {"AttributeName": range_, "KeyType": "RANGE"},
    ]
