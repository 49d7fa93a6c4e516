"""Where the stack is deployed: moto plays all of AWS by hand, ministack does it by itself."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import boto3
from boto3.session import Session

from functions.local.gateway import Response
from tests.deploying import second
from tests.e2e.deployment import Deployment
from tests.e2e.patience import until
from tests.functions.samples import sample
from tests.privilege.crew import TICK, Crew
from tests.support.ministack import Ministack

T = TypeVar("T")

# As it goes on, somebody may look a little later.
_A_WHILE: Final = timedelta(seconds=10)
_MOST: Final = 20
_KINDS: Final = ("", "NotVisible", "Delayed")


class Site(Protocol):
    """A deployed stack; its functions get what is in its queues."""

    @property
    def session(self) -> Session: ...

    @property
    def outputs(self) -> Mapping[str, str]: ...

    def environment(self, function: str) -> Mapping[str, str]: ...

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any: ...

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Response: ...

    def skip(self, span: timedelta) -> None: ...

    def work_until(self, found: Callable[[], T | None]) -> T: ...

    def release(self) -> None:
        """Deploy the second version over the first."""


@dataclass(kw_only=True)
class OnMoto:
    """Bells are brought by hand, and every function acts in its role."""

    crew: Crew

    @property
    def session(self) -> Session:
        return boto3.Session()

    @property
    def outputs(self) -> Mapping[str, str]:
        return self.crew.account.outputs

    def environment(self, function: str) -> Mapping[str, str]:
        return self.crew.account.environments[function]

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self.crew.invoke(function, event)

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        return self.crew.request(method, path, body, **headers)

    def skip(self, span: timedelta) -> None:
        self.crew.skip(span)

    def work_until(self, found: Callable[[], T | None]) -> T:
        for _ in range(_MOST):
            something = found()
            if something:
                return something
            self.crew.settle_down()
            self.crew.skip(_A_WHILE)
        raise TimeoutError(f"Nothing came of {found}.")

    def release(self) -> None:
        self.crew.release(second.__name__)


@dataclass(kw_only=True)
class OnMinistack:
    """The mappings feed real processes, which come from the artefact."""

    deployment: Deployment
    emulator: Ministack

    @property
    def session(self) -> Session:
        return self.deployment.session

    @property
    def outputs(self) -> Mapping[str, str]:
        return self.deployment.outputs

    def environment(self, function: str) -> Mapping[str, str]:
        name = self.outputs[f"{function}Name"]
        found: Any = self.session.client("lambda").get_function_configuration(FunctionName=name)
        variables: Mapping[str, str] = found["Environment"]["Variables"]
        return variables

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        return self.deployment.invoke(f"{function}Name", event)

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        return self.deployment.gateway.request(method, path, body, headers)

    def skip(self, span: timedelta) -> None:
        self.emulator.skip(span)
        # A tick that hears of it under way has no time left.
        self.invoke(TICK, sample("schedule_tick.json"))

    def work_until(self, found: Callable[[], T | None]) -> T:
        return until(found)

    def release(self) -> None:
        self.deployment.release(Path(second.__file__))


class Ear:
    """Hears every event on the stack's bus, in a queue of its own."""

    def __init__(self, site: Site) -> None:
        self._sqs: Any = site.session.client("sqs")
        events: Any = site.session.client("events")
        bus = site.outputs["EventBusName"]
        self._url = self._sqs.create_queue(QueueName="heard")["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        events.put_rule(Name="heard", EventBusName=bus, EventPattern='{"source": ["headrace"]}')
        targets = [{"Id": "heard", "Arn": asked["Attributes"]["QueueArn"]}]
        events.put_targets(Rule="heard", EventBusName=bus, Targets=targets)

    def heard(self) -> dict[str, list[str]]:
        """Return the events of each run in their order, each once; what is heard is gone."""
        events: dict[str, Any] = {}
        while messages := self._messages():
            for message in messages:
                event = json.loads(message["Body"])["detail"]
                events[event["id"]] = event
                self._sqs.delete_message(
                    QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"]
                )
        told: dict[str, list[str]] = {}
        for event in sorted(events.values(), key=lambda event: str(event["sequence"])):
            told.setdefault(event["run_id"], []).append(event["type"])
        return told

    def _messages(self) -> Sequence[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        found: Sequence[Any] = answer.get("Messages", [])
        return found


def waiting(site: Site) -> dict[str, int]:
    """Return how many messages the stack's queues hold, those for dead letters included."""
    sqs: Any = site.session.client("sqs")
    attributes = [f"ApproximateNumberOfMessages{kind}" for kind in _KINDS]
    urls = {name: url for name, url in site.outputs.items() if name.endswith("QueueUrl")}
    asked = {
        name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=attributes)["Attributes"]
        for name, url in urls.items()
    }
    return {name: sum(map(int, found.values())) for name, found in asked.items()}
