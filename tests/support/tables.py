"""The table, made as the template makes it."""

from typing import Final

from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_dynamodb.type_defs import KeySchemaElementTypeDef

NAMES: Final = ("pk", "sk", "due_shard", "due_at", "runs_hash", "runs_sort")
INDEXES: Final = (("due", "due_shard", "due_at"), ("runs", "runs_hash", "runs_sort"))


def make_table(client: DynamoDBClient, name: str) -> None:
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in NAMES],
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": index,
                "KeySchema": _keys(hash_, range_),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, hash_, range_ in INDEXES
        ],
    )


def _keys(hash_: str, range_: str) -> list[KeySchemaElementTypeDef]:
    return [
        {"AttributeName": hash_, "KeyType": "HASH"},
        {"AttributeName": range_, "KeyType": "RANGE"},
    ]
