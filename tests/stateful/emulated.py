"""An emulated table beside records in memory, empty again for each example."""

from collections.abc import Callable, Mapping
from typing import Final

import boto3

from adapters.dynamodb.persistence import dynamo_persistence
from adapters.memory import MemoryPersistence, SeededEntropy, SkippingClock
from kernel.ports.persistence import Persistence
from tests.support.aws import REGION
from tests.support.tables import make_table

TABLE: Final = "headrace"


def records_and_table() -> Callable[[], Mapping[str, Persistence]]:
    """Return what makes the stores; the account is that of the environment."""
    client = boto3.client("dynamodb", region_name=REGION)
    # One connection serves all examples: it is dearer than what most of them do.
    table = dynamo_persistence(
        table=TABLE,
        region=REGION,
        clock=SkippingClock(),
        entropy=SeededEntropy(),
        due_shards=2,
    )

    def make() -> Mapping[str, Persistence]:
        if TABLE in client.list_tables()["TableNames"]:
            client.delete_table(TableName=TABLE)
        make_table(client, TABLE)
        return {"records": MemoryPersistence(), "table": table}

    return make
