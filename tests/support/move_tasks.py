"""What moto's queues lack: tasks that move dead letters back, over the wire that SQS has."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

import pytest
from moto.core.responses import ActionResult
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Queue, SQSBackend
from moto.sqs.responses import SQSResponse

RUNNING: Final = "There is already a task running."
NOT_DEAD: Final = "Source queue must be configured as a Dead Letter Queue."


class InvalidParameterValue(SQSException):
    code = "InvalidParameterValue"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task, as SQS tells it; the handle is told of a running one only."""

    source: str
    begun: int
    to_move: int
    moved: int = 0
    status: str = "RUNNING"
    reason: str = ""

    @property
    def told(self) -> dict[str, Any]:
        told = {
            "Status": self.status,
            "SourceArn": self.source,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "StartedTimestamp": self.begun,
        }
        if self.reason:
            told["FailureReason"] = self.reason
        return told | ({"TaskHandle": f"task-{self.begun}"} if self.status == "RUNNING" else {})


@dataclass(kw_only=True)
class MoveTasks:
    """The tasks of all queues. Each look at one that runs moves *pace* messages, then shows it.

    Args:
        shy: How many looks a new task stays unseen.
        dies_of: The reason for which a task fails at its first look.
    """

    pace: int = 1
    shy: int = 0
    dies_of: str = ""
    tasks: list[Task] = field(default_factory=list)
    _moments: Any = field(default_factory=lambda: count(1_790_000_000_000))

    def install(self, patch: pytest.MonkeyPatch) -> None:
        tasks = self

        def start_message_move_task(response: SQSResponse) -> ActionResult:
            arn = response._get_param("SourceArn")  # noqa: SLF001 - as moto's own actions do
            return ActionResult({"TaskHandle": tasks.start(response.sqs_backend, arn)})

        def list_message_move_tasks(response: SQSResponse) -> ActionResult:
            arn = response._get_param("SourceArn")  # noqa: SLF001
            most = response._get_param("MaxResults", 1)  # noqa: SLF001
            return ActionResult({"Results": tasks.look(response.sqs_backend, arn)[:most]})

        for action in (start_message_move_task, list_message_move_tasks):
            patch.setattr(SQSResponse, action.__name__, action, raising=False)

    def start(self, backend: SQSBackend, arn: str) -> str:
        if any(task.source == arn and task.status == "RUNNING" for task in self.tasks):
            raise InvalidParameterValue(RUNNING)
        queue = _queue(backend, arn)
        if not backend.list_dead_letter_source_queues(queue.name):
            raise InvalidParameterValue(NOT_DEAD)
        task = Task(source=arn, begun=next(self._moments), to_move=len(queue.messages))
        self.tasks.insert(0, task)
        return str(task.told["TaskHandle"])

    def look(self, backend: SQSBackend, arn: str) -> list[dict[str, Any]]:
        for nth, task in enumerate(self.tasks):
            if task.source == arn and task.status == "RUNNING":
                if self.shy:
                    self.shy -= 1
                    return [each.told for each in self.tasks if each != task]
                self.tasks[nth] = self._advanced(backend, task)
        return [task.told for task in self.tasks if task.source == arn]

    def _advanced(self, backend: SQSBackend, task: Task) -> Task:
        if self.dies_of:
            return replace(task, status="FAILED", reason=self.dies_of)
        queue = _queue(backend, task.source)
        if not queue.messages:
            return replace(task, status="COMPLETED")
        (back,) = backend.list_dead_letter_source_queues(queue.name)
        taken = queue.messages[: self.pace]
        for message in taken:
            queue._messages.remove(message)  # noqa: SLF001 - there is no other way to take one
            # New to its queue: it has another id, and was received by nobody.
            backend.send_message(
                back.name, message.body, group_id=message.group_id, delay_seconds=0
            )
        return replace(task, moved=task.moved + len(taken))


def _queue(backend: SQSBackend, arn: str) -> Queue:
    return backend.get_queue(arn.rpartition(":")[2])
