"""What arrived of the events: each at least once, in whatever order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.kill.account import Account
from tests.support.aws import a_session

_MOST: Final = 10


@dataclass(kw_only=True)
class Hearing:
    """Takes events out of the queue that they end in. *arrivals* counts repeats too."""

    account: Account
    events: dict[str, Any] = field(default_factory=dict)
    arrivals: int = 0

    def listen(self) -> int:
        """Take what is there, and return how much that was."""
        endpoint = self.account.environment["AWS_ENDPOINT_URL"]
        sqs = a_session().client("sqs", endpoint_url=endpoint)
        before = self.arrivals
        while messages := sqs.receive_message(
            QueueUrl=self.account.heard, MaxNumberOfMessages=_MOST, WaitTimeSeconds=1
        ).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])["detail"]
                self.events[event["id"]] = event
                self.arrivals += 1
                receipt = message["ReceiptHandle"]
                sqs.delete_message(QueueUrl=self.account.heard, ReceiptHandle=receipt)
        return self.arrivals - before

    def of(self, run_id: str) -> Sequence[Any]:
        """Return the run's events in their order, each once."""
        mine = (event for event in self.events.values() if event["run_id"] == run_id)
        return sorted(mine, key=lambda event: str(event["sequence"]))
