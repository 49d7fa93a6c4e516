"""The template's account on moto, whose functions are called by hand in a time that skips.

The handlers, the wiring and the adapters are the real ones. Nothing happens by itself: no queue
feeds, no rule ticks, and months pass at once.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, cast

import boto3
import pytest

from adapters.dynamodb.keys import LAYOUT
from adapters.system.clock import SystemClock
from functions import wiring
from functions.local.account import Account, open_account
from functions.local.blueprint import functions_in
from functions.local.event_shapes import sqs_event, tick_event
from functions.local.gateway import Gateway, Response
from functions.local.invocation import Lambda
from functions.local.queues import failed_ids
from tests.support.moto import QueueTime

_MOST: Final = 200


class ByHand:
    """What whoever plays AWS may do."""

    def __init__(self, account: Account, queue_time: QueueTime) -> None:
        functions = functions_in()
        self.account = account
        self.ahead = timedelta()
        self._queue_time = queue_time
        self._lambda = Lambda(functions, region=account.region)
        invoke = partial(self._lambda.invoke, "ApiFunction")
        self._gateway = Gateway(functions["ApiFunction"].routes, invoke)

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        return self._gateway.request(method, path, body, headers)

    def start(self, workflow_id: str, input_: object, **more: Any) -> str:
        """Return the id of a new run."""
        body = {"workflow_id": workflow_id, "input": input_, **more}
        answer = self.request("POST", "/runs", body)
        assert answer.status == 201, answer
        return str(answer.body["run_id"])

    def shown(self, run_id: str) -> Any:
        return self.request("GET", f"/runs/{run_id}").body

    def answer_bells(self) -> int:
        """Give every bell that rings now to the worker; return how many did."""
        return sum(self._fed(url) for url in self.account.dead_letter_queues)

    def finish(self, run_id: str) -> Any:
        """Answer bells until none rings, and return the run as the API shows it."""
        for _ in range(_MOST):
            if not self.answer_bells():
                return self.shown(run_id)
        message = f"Run {run_id} rings for ever: {self.shown(run_id)}"
        raise AssertionError(message)

    def tick(self) -> Mapping[str, int]:
        event = tick_event(self.now, rule="headrace-tick", region=self.account.region)
        return cast("Mapping[str, int]", self._lambda.invoke("TickFunction", event))

    def skip(self, span: timedelta) -> None:
        self.ahead += span
        self._queue_time.skip(span)

    def items(self) -> list[dict[str, Any]]:
        """Return all that the table holds, but for what it says of itself."""
        table = boto3.resource("dynamodb").Table(self.account.outputs["TableName"])
        found: list[dict[str, Any]] = table.scan(ConsistentRead=True)["Items"]
        mine = [item for item in found if item["pk"] != LAYOUT.pk]
        return sorted(mine, key=lambda item: (item["pk"], item["sk"]))

    def kinds(self) -> Counter[str]:
        """Return how many items there are of each kind, by the beginning of their sort keys."""
        return Counter(item["sk"].partition("#")[0] for item in self.items())

    def entries(self, index: str) -> Sequence[Any]:
        """Return all that an index holds."""
        table = boto3.resource("dynamodb").Table(self.account.outputs["TableName"])
        return table.scan(IndexName=index)["Items"]

    def blobs(self) -> list[str]:
        bucket = self.account.outputs["BlobBucketName"]
        found = boto3.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        return [each["Key"] for each in found]

    def _fed(self, url: str) -> int:
        sqs = boto3.client("sqs")
        received = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=1,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if received:
            event = sqs_event(received, arn=f"arn:aws:sqs:{self.account.region}:1:queue")
            answer = self._lambda.invoke("WorkerFunction", event)
            failed = failed_ids(answer, [each["MessageId"] for each in received])
            for each in received:
                if each["MessageId"] not in failed:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return len(received)


@contextmanager
def by_hand(workflows: str, **parameters: str) -> Iterator[ByHand]:
    """Open the account, with values for the template's *parameters*."""
    given = {"WorkflowsPackage": workflows, **parameters}
    with pytest.MonkeyPatch.context() as patch, open_account(parameters=given) as account:
        played = ByHand(account, QueueTime(patch))

        class SkippingSystemClock(SystemClock):
            def __init__(self) -> None:
                super().__init__(machine=lambda: played.now)

            def hears(self, told: datetime) -> None:
                """Believe nothing: moto's time does not skip."""

        patch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        for name, value in account.environments["WorkerFunction"].items():
            patch.setenv(name, value)
        patch.setattr(wiring, "SystemClock", SkippingSystemClock)
        wiring.forget()
        try:
            yield played
        finally:
            wiring.forget()
