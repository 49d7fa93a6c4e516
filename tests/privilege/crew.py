"""The template's functions at work on moto, each in its own role and its own environment.

Nothing happens by itself: bells, ticks and schedules are played, in a time that skips. What AWS
does in a function's role counts as its role's work too: reading queues, logging, tracing.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import boto3
import pytest
from moto.logs.models import LogGroup

from functions import wiring
from functions.host import ServerlessHost
from functions.local.account import STACK, Account, open_account
from functions.local.blueprint import functions_in
from functions.local.event_shapes import sqs_event, tick_event
from functions.local.gateway import Gateway, Response
from functions.local.invocation import Lambda
from functions.local.queues import failed_ids
from functions.local.schedules import moment_of
from functions.local.template import environments
from functions.settings import Settings
from kernel.dispatch import Kernel
from kernel.engine import engine
from kernel.ports.clock import Clock
from tests.privilege.gate import Gate, Role
from tests.privilege.roles import posts_in, roles_in
from tests.support.moto import QueueTime

WORKER, TICK, API = "WorkerFunction", "TickFunction", "ApiFunction"
MODELS: Final = ("CallsModels", "CallsBedrock", "HasModelSecrets", "HasModelParameters")
# Many more than any workload here rings.
_MOST: Final = 200
_VISIBLE: Final = "ApproximateNumberOfMessages"


@dataclass(kw_only=True)
class Ahead:
    """How far everybody's time is ahead of the true one."""

    queues: QueueTime
    span: timedelta = timedelta()

    def skip(self, span: timedelta) -> None:
        self.span += span
        self.queues.skip(span)


@dataclass(frozen=True, kw_only=True)
class AheadClock:
    """What the function's own clock says, and more."""

    own: Clock
    ahead: Ahead

    def now(self) -> datetime:
        return self.own.now() + self.ahead.span

    def sleep(self, span: timedelta) -> None:
        self.own.sleep(span)


class Crew:
    """What whoever plays AWS may do with the functions of the account."""

    def __init__(self, account: Account, gate: Gate, ahead: Ahead) -> None:
        self.account = account
        self.gate = gate
        self._ahead = ahead
        # Made once: each one takes its time.
        self._sqs: Any = boto3.client("sqs")
        self._s3: Any = boto3.client("s3")
        self._scheduler: Any = boto3.client("scheduler")
        self._functions = functions_in()
        self._lambda = Lambda(self._functions, region=account.region)
        self._man()
        routes = self._functions[API].routes
        self.gateway = Gateway(routes, partial(self.invoke, API))

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead.span

    def kernel(self, function: str) -> Kernel:
        return self._kernels[function]

    def role_of(self, function: str) -> Role:
        return self._posts[function].role

    def skip(self, span: timedelta) -> None:
        self._ahead.skip(span)

    def release(self, workflows: str) -> None:
        """Deploy again, over what is there, with other *workflows*."""
        cloudformation = boto3.client("cloudformation")
        cloudformation.update_stack(
            StackName=STACK,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in _parameters(workflows).items()
            ],
        )
        [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        self.account = replace(self.account, environments=environments(outputs))
        self._man()

    def _man(self) -> None:
        """Give each function what the stack has for it now, and a new process."""
        self.roles = roles_in(self.account)
        self._posts = posts_in(self.account, self.roles)
        self._kernels = {
            name: self._kernel(post.environment) for name, post in self._posts.items()
        }
        # It is told what the worker is told.
        self._container = self._kernel(self._posts[WORKER].environment)

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        post = self._posts[function]
        with self.gate.acting(post.role), pytest.MonkeyPatch.context() as patch:
            patch.setattr(wiring, "kernel", lambda: self._kernels[function])
            for request in post.recording:
                assert post.role.permits(request), request
            return self._lambda.invoke(function, event)

    def request(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        return self.gateway.request(method, path, body, headers)

    def start(self, workflow_id: str, input_: object, **more: Any) -> str:
        """Return the id of a new run."""
        body = {"workflow_id": workflow_id, "input": input_, **more}
        answer = self.request("POST", "/runs", body)
        assert answer.status == 201, answer
        return str(answer.body["run_id"])

    def shown(self, run_id: str) -> Any:
        return self.request("GET", f"/runs/{run_id}").body

    def tick(self) -> Any:
        event = tick_event(self.now, rule="headrace-tick", region=self.account.region)
        return self.invoke(TICK, event)

    def answer_bells(self) -> int:
        """Give each queue's next bell to whoever serves it; return how many there were."""
        fed = [self.account.outputs[f"{name}QueueUrl"] for name in ("Urgent", "")]
        return sum(self._feed(url) for url in fed) + self._serve("heavy")

    def ring_later_bells(self) -> int:
        """Let the schedules ring whose time has come; return how many did."""
        group = self.account.outputs["ScheduleGroupName"]
        listed = self._scheduler.list_schedules(GroupName=group)["Schedules"]
        found = [
            self._scheduler.get_schedule(Name=each["Name"], GroupName=group) for each in listed
        ]
        due = [schedule for schedule in found if moment_of(schedule) <= self.now]
        for schedule in due:
            self._ring(schedule["Target"])
            self._scheduler.delete_schedule(Name=schedule["Name"], GroupName=group)
        return len(due)

    def settle_down(self) -> None:
        """Answer bells until none rings."""
        for _ in range(_MOST):
            if not self.ring_later_bells() + self.answer_bells():
                return
        raise AssertionError("The bells do not stop.")

    def lose_bells(self) -> None:
        """Take all bells out of the queues, unanswered."""
        for url in self.account.dead_letter_queues:
            self._sqs.purge_queue(QueueUrl=url)

    def waiting(self) -> dict[str, int]:
        """Return how many messages are in each queue, hidden ones and delayed ones included."""
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        queues = {url for pair in self.account.dead_letter_queues.items() for url in pair}
        asked = {
            url: self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            for url in queues
        }
        return {
            url.rpartition("/")[2].split("-")[1]: sum(map(int, found.values()))
            for url, found in asked.items()
        }

    def blobs(self, run_id: str) -> list[str]:
        bucket = self.account.outputs["BlobBucketName"]
        found = self._s3.list_objects_v2(Bucket=bucket, Prefix=f"runs/{run_id}/")
        return [each["Key"] for each in found.get("Contents", [])]

    def lose_blob(self, key: str) -> None:
        bucket = self.account.outputs["BlobBucketName"]
        self._s3.delete_object(Bucket=bucket, Key=key)

    def blob(self, key: str) -> str:
        bucket = self.account.outputs["BlobBucketName"]
        return str(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())

    def _feed(self, url: str) -> int:
        """Do what the event source mapping does, in the worker's role as Lambda does it."""
        with self.gate.acting(self.role_of(WORKER)):
            asked = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            messages = self._sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=self._functions[WORKER].queues[0].batch_size,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
        if not messages:
            return 0
        event = sqs_event(messages, arn=asked["Attributes"]["QueueArn"])
        failed = failed_ids(self.invoke(WORKER, event), [each["MessageId"] for each in messages])
        with self.gate.acting(self.role_of(WORKER)):
            for each in messages:
                if each["MessageId"] not in failed:
                    self._sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return len(messages)

    def _serve(self, queue: str) -> int:
        """Do what a container does for a named queue, in the role of its task."""
        url = self.account.outputs[f"{queue}QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[_VISIBLE])
        if asked["Attributes"][_VISIBLE] == "0":
            return 0  # It would listen for a while.
        transport = self._container.ports.transport
        with self.gate.acting(self.roles[f"{queue}ContainerRole"]):
            deliveries = transport.receive(queue=queue)
            for delivery in deliveries:
                transport.hold(delivery, span=timedelta(minutes=1))
                ServerlessHost(self._container).handle_job(delivery.bell)
                transport.acknowledge(delivery)
        return len(deliveries)

    def _ring(self, target: Mapping[str, Any]) -> None:
        """Do what EventBridge Scheduler does, in the role that the schedule names."""
        name = target["RoleArn"].rpartition("/")[2]
        role = next(role for role in self.roles.values() if role.name == name)
        url = self._sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
        with self.gate.acting(role):
            self._sqs.send_message(QueueUrl=url, MessageBody=target["Input"])

    def _kernel(self, environment: Mapping[str, str]) -> Kernel:
        variables = {**environment, "AWS_REGION": self.account.region}
        made = wiring.assemble(Settings.from_environment(variables))
        clock = AheadClock(own=made.ports.clock, ahead=self._ahead)
        return engine(replace(made.ports, clock=clock), made.policy)


@contextmanager
def crew(workflows: str, **more: str) -> Iterator[Crew]:
    """Open the account, with *workflows* for its package.

    Args:
        more: Parameters of the template's, for language models.
    """
    gate = Gate()
    with ExitStack() as opening:
        opening.enter_context(gate.up())
        patch = opening.enter_context(pytest.MonkeyPatch.context())
        # On AWS it says that it is about the streams of the group; moto's does not.
        whole = LogGroup.get_cfn_attribute
        patch.setattr(LogGroup, "get_cfn_attribute", lambda group, name: f"{whole(group, name)}:*")
        patch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
        account = opening.enter_context(
            open_account(
                parameters={**_parameters(workflows), **more},
                true={"RunsContainers", *(MODELS if more else ())},
            )
        )
        yield Crew(account, gate, Ahead(queues=QueueTime(patch)))


def _parameters(workflows: str) -> dict[str, str]:
    # A tick asks each shard: with one, it asks once.
    return {
        "WorkflowsPackage": workflows,
        "DueShards": "1",
        "ContainerRepository": "workers",
        "ContainerVpc": "vpc-1",
        "ContainerSubnets": "subnet-1",
    }
