"""The queues for dead letters of a deployed stack, and SQS's own tasks that empty them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from boto3.session import Session
from botocore.exceptions import BotoCoreError, ClientError

from adapters.aws.client import IMPATIENT
from adapters.aws.errors import code_of
from functions.local.aws_words import spoken_plainly, unusable
from functions.local.refusal import RefusalError

DEFAULT: Final = "DeadLetterQueueUrl"
URGENT: Final = "UrgentDeadLetterQueueUrl"
ALL: Final = (DEFAULT, URGENT)
_NEEDS: Final = (
    "It takes sqs:GetQueueAttributes, ListDeadLetterSourceQueues, ListMessageMoveTasks,"
    " StartMessageMoveTask, ReceiveMessage and DeleteMessage on the queue for dead letters,"
    " sqs:SendMessage on the other, and cloudformation:DescribeStacks for --stack."
)
_MISSING: Final = {"InvalidAddress", "NonExistentQueue", "QueueDoesNotExist"}
_ACTIVE: Final = {"RUNNING", "CANCELLING"}


@dataclass(frozen=True, kw_only=True)
class Move:
    """How far a task is, as SQS tells it: *moved* is approximate until it is over."""

    begun: int
    status: str
    moved: int
    handle: str = ""
    reason: str = ""

    @property
    def is_over(self) -> bool:
        return self.status not in _ACTIVE


@dataclass(frozen=True, kw_only=True)
class Depth:
    """How many messages a queue holds, approximately, and how many somebody looks at."""

    waiting: int
    hidden: int


class DeadLetterQueue:
    """A queue for dead letters, at *url*.

    Raises:
        RefusalError: There is none, or it may not be looked at.
    """

    def __init__(self, url: str, session: Session) -> None:
        self._url = url
        self.name = url.rpartition("/")[2]
        with spoken_plainly("sqs:GetQueueAttributes", needs=_NEEDS):
            self._sqs = session.client("sqs", config=IMPATIENT)
        attributes = self._attributes("QueueArn")
        self.arn = attributes["QueueArn"]
        self.sources = self._sources()
        if not self.sources:
            raise self._no_dead_letters()

    def depth(self) -> Depth:
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self._attributes(*names)
        waiting, hidden = (int(found[name]) for name in names)
        return Depth(waiting=waiting, hidden=hidden)

    def latest(self) -> Move | None:
        """Return the task that was started last; SQS remembers a few."""
        with spoken_plainly("sqs:ListMessageMoveTasks", needs=_NEEDS):
            found = self._sqs.list_message_move_tasks(SourceArn=self.arn, MaxResults=1)
        for task in found.get("Results", []):
            return Move(
                begun=task["StartedTimestamp"],
                status=task["Status"],
                moved=task.get("ApproximateNumberOfMessagesMoved", 0),
                handle=task.get("TaskHandle", ""),
                reason=task.get("FailureReason", ""),
            )
        return None

    def start(self) -> None:
        """Let SQS move every message to the queue that it came from.

        Raises:
            RefusalError: It does not, since another task is at it, or for another reason.
        """
        with spoken_plainly("sqs:StartMessageMoveTask", needs=_NEEDS):
            try:
                self._sqs.start_message_move_task(SourceArn=self.arn)
            except ClientError as error:
                # SQS has one code for all that is wrong with a request; the list tells them apart.
                if code_of(error) != "InvalidParameterValue":
                    raise
                self.refuse_if_moving(cause=error)
                raise

    def refuse_if_moving(self, *, cause: Exception | None = None) -> None:
        running = self.latest()
        if running is None or running.is_over:
            return
        sentence = (
            f"A task moves the messages of {self.name} already; {running.moved} have been moved."
        )
        hint = f"Wait for it, or stop it: {stopping(running)}"
        raise RefusalError(sentence, hint=hint) from cause

    def _attributes(self, *names: str) -> Mapping[str, str]:
        with spoken_plainly("sqs:GetQueueAttributes", needs=_NEEDS):
            try:
                answer = self._sqs.get_queue_attributes(
                    QueueUrl=self._url,
                    AttributeNames=[*names],  # type: ignore[list-item]
                )
            except ClientError as error:
                if code_of(error) not in _MISSING:
                    raise
                sentence = f"There is no queue '{self._url}'."
                hint = "Check the URL, AWS_PROFILE and AWS_REGION; `aws sqs list-queues` has all."
                raise RefusalError(sentence, hint=hint) from error
        return {str(name): value for name, value in answer["Attributes"].items()}

    def _sources(self) -> list[str]:
        with spoken_plainly("sqs:ListDeadLetterSourceQueues", needs=_NEEDS):
            found = self._sqs.list_dead_letter_source_queues(QueueUrl=self._url)
        return [url.rpartition("/")[2] for url in found.get("queueUrls", [])]

    def _no_dead_letters(self) -> RefusalError:
        hint = f"The stack's outputs {DEFAULT} and {URGENT} name those that are."
        return RefusalError(f"No other queue sends its dead letters to {self.name}.", hint=hint)


def of_queue(name: str) -> str:
    """Return the output that has the URL for the dead letters of the queue *name*."""
    return f"{name}{DEFAULT}"


def outputs_of(stack: str, outputs: tuple[str, ...], session: Session) -> list[str]:
    """Return what the stack named *stack* has as *outputs*, such as URLs.

    Args:
        outputs: `ALL` stands for those of the named queues as well.

    Raises:
        RefusalError: There is no such stack, or it has no such output.
    """
    with spoken_plainly("cloudformation:DescribeStacks", needs=_NEEDS):
        client = session.client("cloudformation", config=IMPATIENT)
        try:
            (found,) = client.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            # What CloudFormation calls a stack that is not there.
            if code_of(error) != "ValidationError":
                raise
            sentence = f"There is no stack '{stack}' in {client.meta.region_name}."
            hint = "Check the name, AWS_PROFILE and AWS_REGION; `sam list stack-outputs` helps."
            raise RefusalError(sentence, hint=hint) from error
    told = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
    missing = [name for name in outputs if name not in told]
    if missing:
        sentence = f"The stack '{stack}' has no output {missing[0]}."
        made = f"It is {found['StackStatus']}; name a stack that Headrace's template made"
        hint = f"{made}, and one of its NamedQueues."
        raise RefusalError(sentence, hint=hint)
    named = [name for name in sorted(told) if name.endswith(DEFAULT) and name not in outputs]
    return [told[name] for name in (*outputs, *(named if outputs == ALL else ()))]


def session_for(url: str | None) -> Session:
    """Return a session from the environment, in the region that a queue's *url* names, if any."""
    named = re.search(r"//sqs\.([a-z0-9-]+)\.", url or "")
    try:
        # Of the two variables that name a region, boto3 knows the other one only.
        return Session(region_name=named[1] if named else os.environ.get("AWS_REGION"))
    except BotoCoreError as error:
        raise unusable(error) from error


def stopping(move: Move) -> str:
    return f"aws sqs cancel-message-move-task --task-handle {move.handle}"
