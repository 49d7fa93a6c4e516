"""A whole account in one process: its resources emulated, its functions fed as AWS feeds them.

No port is bound and no call leaves the process. What is played here is what AWS does by itself:
queues feed the worker, schedules go off, the cron rule ticks, requests reach the API.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Final, Self

import boto3
from botocore.config import Config

from functions.attendance import Attendance
from functions.discovery import discover
from functions.local.account import STACK, Account, open_account
from functions.local.blueprint import Function, functions_in
from functions.local.calls import UNCOUNTED, Calls
from functions.local.event_shapes import tick_event
from functions.local.gateway import Gateway, Response
from functions.local.invocation import Lambda
from functions.local.logs import Sink, Void, logs_to
from functions.local.queues import FedQueue, QueuePump
from functions.local.schedules import SchedulePump
from functions.rhythm import Rhythm
from functions.settings import WORKFLOWS, Settings

log = logging.getLogger(__name__)

_PLAYING: Final = Config(user_agent_extra=UNCOUNTED)
# On AWS it is a minute; nobody who watches would wait for that.
TICK_EVERY: Final = timedelta(seconds=10)
_EVERY_SECOND: Final = timedelta(seconds=1)
_EVERY_MINUTE: Final = timedelta(minutes=1)


class LocalStack:
    """The account, from the beginning of a `with` to its end; there is one at a time.

    Args:
        workflows: The package with the workflows, where not the template's own.
        workers: How many bells may be answered at once.
        tick_every: How often the tick comes; None to do without.
        comes_back: After how long a bell that failed rings again.
        grace: How long to wait at the end for what is under way.
        log: Where the functions' log lines go; nowhere, if it is left out.
    """

    def __init__(
        self,
        *,
        workflows: str | None = None,
        workers: int = 4,
        tick_every: timedelta | None = TICK_EVERY,
        comes_back: timedelta = _EVERY_SECOND,
        grace: timedelta = timedelta(seconds=5),
        log: Sink | None = None,
    ) -> None:
        self.calls = Calls()
        self._parameters = {"WorkflowsPackage": workflows} if workflows else {}
        self._workers = workers
        self._tick_every = tick_every
        self._comes_back = comes_back
        self._grace = grace
        self._log = log or Void()
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.enter_context(self.calls.counting())
            with self.calls.overlooked():
                self.account = opening.enter_context(
                    open_account(parameters=self._parameters, later=self._queues)
                )
            opening.enter_context(_environment(self.account))
            opening.enter_context(_wired(self._log))
            self._functions = functions_in(parameters=self._parameters)
            self._lambda = Lambda(self._functions, region=self.account.region)
            self._gateway = self._make_gateway()
            self._start(opening)
            self._closing = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Ask the API, as if over HTTP; *body* goes out as JSON, unless it is text already."""
        return self._gateway.request(method, path, body, headers)

    def tick(self) -> None:
        """Let every cron rule of the template go off now."""
        for function in self._functions.values():
            for schedule in function.schedules:
                rule = f"{STACK}-{schedule}"
                event = tick_event(datetime.now(UTC), rule=rule, region=self.account.region)
                self._lambda.invoke(function.name, event)

    def blob(self, key: str) -> bytes:
        """Return the bytes under *key* in the account's bucket."""
        bucket = self.account.outputs["BlobBucketName"]
        answer = boto3.client("s3", config=_PLAYING).get_object(Bucket=bucket, Key=key)
        return answer["Body"].read()

    def _queues(self) -> Mapping[str, str]:
        """Return the parameter for every queue that a workflow names, if any does."""
        package = self._parameters.get("WorkflowsPackage", WORKFLOWS)
        groups = chain.from_iterable(workflow.groups for workflow in discover(package))
        stages = chain.from_iterable(groups)
        names = sorted({stage.queue for stage in stages if stage.queue})
        return {"NamedQueues": ",".join(names)} if names else {}

    def _make_gateway(self) -> Gateway:
        api = next(each for each in self._functions.values() if each.routes)
        return Gateway(api.routes, partial(self._lambda.invoke, api.name))

    def _start(self, opening: ExitStack) -> None:
        schedules = SchedulePump(group=self.account.outputs["ScheduleGroupName"])
        fire = partial(_fire, schedules)
        pumps: list[QueuePump | Rhythm] = [
            QueuePump([*self._fed_queues()], workers=self._workers, comes_back=self._comes_back),
            Rhythm(fire, every=_EVERY_SECOND, name="schedules"),
        ]
        if self._tick_every is not None:
            pumps.append(Rhythm(self.tick, every=self._tick_every, name="tick"))
        attend = self._attending()
        attend()
        pumps.append(Rhythm(attend, every=_EVERY_MINUTE, name="attendance"))
        for pump in pumps:
            pump.start()
            opening.callback(pump.stop, grace=self._grace)

    def _attending(self) -> Callable[[], None]:
        """Return what says that the named queues are served; a worker that stays does so."""
        from functions import wiring

        attendance = Attendance(
            wiring.ports(),
            [*Settings.from_environment(os.environ).queue_urls],
            worker_id=STACK,
            report=lambda queue, error: log.warning("%s may seem unserved: %s", queue, error),
        )

        def attend() -> None:
            with self.calls.overlooked():
                attendance.say()

        return attend

    def _fed_queues(self) -> Iterator[FedQueue]:
        """Yield what the event sources feed, and the named queues: here one worker serves all."""
        cloudformation = boto3.client("cloudformation", config=_PLAYING)
        for function in self._functions.values():
            for source in function.queues:
                found = cloudformation.describe_stack_resource(
                    StackName=STACK, LogicalResourceId=source.queue
                )
                url = found["StackResourceDetail"]["PhysicalResourceId"]
                yield self._fed(url, function, source.batch_size)
        worker = next(each for each in self._functions.values() if each.queues)
        settings = Settings.from_environment(os.environ)
        for url in settings.queue_urls.values():
            yield self._fed(url, worker, 1)

    def _fed(self, url: str, function: Function, batch_size: int) -> FedQueue:
        sqs = boto3.client("sqs", config=_PLAYING)
        asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return FedQueue(
            url=url,
            arn=asked["Attributes"]["QueueArn"],
            batch_size=batch_size,
            invoke=partial(self._lambda.invoke, function.name),
        )


@contextmanager
def _environment(account: Account) -> Iterator[None]:
    """Set what the template gives the functions; all of them get the same."""
    # Metrics would be printed, for CloudWatch to find.
    wanted = {"POWERTOOLS_METRICS_DISABLED": "true"}
    for variables in account.environments.values():
        wanted |= variables
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def _wired(log: Sink) -> Iterator[None]:
    """Wire the functions to the account, so that what cannot be wired shows at once."""
    from functions import wiring

    wiring.forget()
    try:
        with logs_to(log):
            wiring.kernel()
            yield
    finally:
        wiring.forget()


def _fire(schedules: SchedulePump) -> int:
    return schedules.fire_due(datetime.now(UTC))
