"""The real adapters on moto, in an account made from the template, and every call they make."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import pytest
from boto3.dynamodb.conditions import Key
from boto3.session import Session
from botocore import handlers
from botocore.model import OperationModel

from adapters.dynamodb import keys
from adapters.dynamodb.persistence import dynamo_persistence
from adapters.eventbridge.event_sink import EventBridgeSink
from adapters.memory import SeededEntropy, SkippingClock
from adapters.s3.blob_store import S3BlobStore
from adapters.sqs.job_transport import SqsJobTransport
from functions.local.account import Account, open_account
from kernel.authoring import Workflow
from kernel.ports.bundle import Ports
from tests.benchmarks.playing import play, run_id_of
from tests.benchmarks.usage import Kind, Meter, Usage
from tests.support.world import World, memory_ports

# On AWS it is the event source mapping that makes these.
_NOT_OURS: Final = frozenset({"ReceiveMessage", "DeleteMessage"})


class Emulated:
    """An account to play runs in. *meter* notes every call that botocore makes."""

    def __init__(self, account: Account, meter: Meter) -> None:
        self._account = account
        self._meter = meter
        self._session = Session()

    def play(self, workflow: Workflow) -> dict[str, Usage]:
        """Return the calls that each bell of a run took, by its name."""
        world = World(ports=self._ports(workflow))
        return dict(play(world, workflow.id, self._meter.taken))

    def items_of(self, workflow_id: str) -> Sequence[Mapping[str, Any]]:
        """Return all items of the run."""
        table = self._session.resource("dynamodb").Table(self._account.outputs["TableName"])
        partition = Key("pk").eq(keys.partition(run_id_of(workflow_id)))
        return table.query(KeyConditionExpression=partition)["Items"]

    def table(self) -> Mapping[str, Any]:
        """Return how the table was made."""
        client, name = self._session.client("dynamodb"), self._account.outputs["TableName"]
        return client.describe_table(TableName=name)["Table"]

    def _ports(self, workflow: Workflow) -> Ports:
        session, outputs = self._session, self._account.outputs
        clock, entropy = SkippingClock(), SeededEntropy(1)
        return memory_ports(
            [workflow],
            clock=clock,
            entropy=entropy,
            persistence=dynamo_persistence(
                table=outputs["TableName"],
                region=self._account.region,
                clock=clock,
                entropy=entropy,
            ),
            transport=SqsJobTransport(
                queue_url=outputs["QueueUrl"],
                urgent_queue_url=outputs["UrgentQueueUrl"],
                wait=timedelta(),
                session=session,
            ),
            sink=EventBridgeSink(bus=outputs["EventBusName"], session=session),
            blobs=S3BlobStore(bucket=outputs["BlobBucketName"], session=session),
        )


@contextmanager
def emulated() -> Iterator[Emulated]:
    """Open an account in which all calls are counted."""
    meter = Meter()

    def note(model: OperationModel, event_name: str, **_others: Any) -> None:
        if model.name not in _NOT_OURS:
            meter.note(Kind.CALL, event_name.removeprefix("before-call."))

    with open_account() as account, pytest.MonkeyPatch.context() as patch:
        # Every session of botocore's, PynamoDB's too, begins with these.
        listening = [*handlers.BUILTIN_HANDLERS, ("before-call", note)]
        patch.setattr(handlers, "BUILTIN_HANDLERS", listening)
        yield Emulated(account, meter)
