"""A table in moto, made anew for each test: moto copies all of it for every transaction."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_dynamodb import DynamoDBClient

from adapters.dynamodb.persistence import DynamoPersistence, dynamo_persistence
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from functions.local.atomic_moto import atomic_moto
from tests.support.aws import REGION
from tests.support.tables import make_table

TABLE = "headrace"


@pytest.fixture(scope="module")
def aws() -> Iterator[None]:
    with atomic_moto(), mock_aws():
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
    make_table(client, TABLE)
    yield TABLE
    client.delete_table(TableName=TABLE)


@pytest.fixture
def dynamo(table: str, client_of_table: DynamoPersistence) -> DynamoPersistence:
    return client_of_table
