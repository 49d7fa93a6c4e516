"""The cursor layout keeps the promises of persistence on the second emulator too."""

from collections.abc import Iterator

import boto3
import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from adapters.dynamodb.persistence import DynamoPersistence, dynamo_persistence
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from tests.conformance.persistence import PersistenceContract
from tests.support.aws import REGION
from tests.support.ministack import Ministack
from tests.support.tables import make_table

pytestmark = pytest.mark.ministack
TABLE = "headrace"


@pytest.fixture(scope="module")
def client(on_ministack: Ministack) -> DynamoDBClient:
    return boto3.client("dynamodb", region_name=REGION)


@pytest.fixture(scope="module")
def client_of_table(on_ministack: Ministack) -> DynamoPersistence:
    """Return persistence in the table that each test makes; its connection serves them all."""
    return dynamo_persistence(
        table=TABLE, region=REGION, clock=SkippingClock(), entropy=SeededEntropy()
    )


@pytest.fixture
def table(client: DynamoDBClient) -> Iterator[None]:
    make_table(client, TABLE)
    yield
    client.delete_table(TableName=TABLE)


class TestDynamoPersistenceOnMinistack(PersistenceContract):
    @pytest.fixture
    def persistence(self, table: None, client_of_table: DynamoPersistence) -> DynamoPersistence:
        return client_of_table
