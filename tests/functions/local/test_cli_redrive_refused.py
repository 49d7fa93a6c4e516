"""`headrace redrive` that cannot be: what AWS answers, in one sentence with a hint."""

import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from functions.local.cli import app
from tests.functions.local.http_front import Front, Heard, Reply, front
from tests.functions.local.seat import refused, sit_down

QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/dead"
ARN = "arn:aws:sqs:eu-central-1:123456789012:dead"
RUNNING = {"Status": "RUNNING", "StartedTimestamp": 2, "TaskHandle": "a handle"}
# What SQS answers where all is well, by the action.
GOOD: Mapping[str, Mapping[str, Any]] = {
    "GetQueueAttributes": {
        "Attributes": {
            "QueueArn": ARN,
            "ApproximateNumberOfMessages": "3",
            "ApproximateNumberOfMessagesNotVisible": "0",
        }
    },
    "ListDeadLetterSourceQueues": {"queueUrls": [QUEUE.replace("dead", "bells")]},
    "ListMessageMoveTasks": {"Results": []},
    "StartMessageMoveTask": {"TaskHandle": "a handle"},
}


class Aws:
    """Answers as SQS does, but for the actions that it refuses, and for lists of its own."""

    def __init__(self) -> None:
        self.refused: dict[str, Reply] = {}
        self.lists: list[Mapping[str, Any]] = []
        self.blinds_whoever_starts = False

    def refuse(self, action: str, status: int, code: str, message: str) -> None:
        body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": message})
        headers = {"x-amzn-query-error": f"{code};Sender"}
        self.refused[action] = Reply(status=status, body=body, headers=headers)

    def answer(self, heard: Heard) -> Reply:
        action = heard.headers.get("X-Amz-Target", "AmazonSQS.?").rpartition(".")[2]
        if action in self.refused:
            return self.refused[action]
        if action == "StartMessageMoveTask" and self.blinds_whoever_starts:
            self.refuse("ListMessageMoveTasks", 403, "AccessDenied", "not any more")
        if action == "ListMessageMoveTasks" and self.lists:
            return Reply(status=200, body=json.dumps({"Results": [self.lists.pop(0)]}))
        return Reply(status=200, body=json.dumps(GOOD[action]))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    sit_down(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    return monkeypatch


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def served(aws: Aws, environment: pytest.MonkeyPatch) -> Iterator[Front]:
    with front(aws.answer) as served:
        environment.setenv("AWS_ENDPOINT_URL", served.url)
        yield served


def redrive(*words: str) -> Result:
    return CliRunner().invoke(app, ["redrive", *(words or ("--queue-url", QUEUE)), "--yes"])


def said(result: Result) -> tuple[int, str, str]:
    """Return the exit code, and the last sentence and hint: some things were fine before."""
    sentence, hint = result.stderr.splitlines()
    return result.exit_code, sentence.removeprefix("Error: "), hint.removeprefix("Hint: ")


@pytest.mark.parametrize("action", GOOD)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
@pytest.mark.usefixtures("served")
def test_whoever_may_not_hears_what_is_missing(aws: Aws, action: str, code: str) -> None:
    aws.refuse(action, 403, code, f"User ada is not authorized to perform: sqs:{action}")

    result = redrive()

    exit_code, sentence, hint = said(result)
    assert exit_code in {1, 2}
    assert sentence.startswith(f"You may not do sqs:{action}: User ada is not authorized")
    assert "StartMessageMoveTask" in hint


@pytest.mark.usefixtures("served")
def test_credentials_that_aws_does_not_take_are_told_apart(aws: Aws) -> None:
    aws.refuse("GetQueueAttributes", 403, "InvalidClientTokenId", "no")

    code, sentence, hint = refused(redrive())

    assert code == 2
    assert sentence == "AWS does not take these credentials: InvalidClientTokenId."
    assert "log in again" in hint


@pytest.mark.usefixtures("served")
def test_where_sqs_is_busy_it_is_worth_another_try(aws: Aws) -> None:
    aws.refuse("StartMessageMoveTask", 429, "RequestThrottled", "slow down")

    code, sentence, hint = said(redrive())

    assert code == 1
    assert sentence == "AWS is too busy for sqs:StartMessageMoveTask: RequestThrottled."
    assert hint == "Try again in a moment."


@pytest.mark.usefixtures("served")
def test_whatever_else_aws_says_is_passed_on(aws: Aws) -> None:
    aws.refuse("StartMessageMoveTask", 400, "UnsupportedOperation", "not\nhere.")

    code, sentence, _ = said(redrive())

    assert code == 1
    assert sentence == ("AWS refuses sqs:StartMessageMoveTask: not here (UnsupportedOperation).")


@pytest.mark.usefixtures("served")
def test_of_two_who_start_a_move_at_once_the_second_hears_of_the_first(aws: Aws) -> None:
    done = {"Status": "COMPLETED", "StartedTimestamp": 1}
    aws.lists = [done, done, RUNNING]
    aws.refuse("StartMessageMoveTask", 400, "InvalidParameterValue", "There is already one.")

    code, sentence, hint = said(redrive())

    assert code == 2
    assert sentence.startswith("A task moves the messages of dead already")
    assert "--task-handle a handle" in hint


@pytest.mark.usefixtures("served")
def test_whoever_cannot_see_the_move_any_more_hears_that_it_goes_on(aws: Aws) -> None:
    aws.blinds_whoever_starts = True

    code, sentence, hint = said(redrive())

    assert code == 1
    assert sentence.startswith("You may not do sqs:ListMessageMoveTasks")
    assert "goes on by itself" in hint


def test_where_nobody_listens_nothing_is_moved(environment: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")

        code, sentence, hint = refused(redrive())

    assert code == 1
    assert sentence.startswith("AWS did not answer sqs:GetQueueAttributes")
    assert "AWS_REGION" in hint


def test_without_credentials_nothing_is_asked(
    environment: pytest.MonkeyPatch, served: Front
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        environment.delenv(name)

    code, sentence, hint = refused(redrive())

    assert (code, sentence) == (2, "There are no AWS credentials to sign the request with.")
    assert "AWS_PROFILE" in hint
    assert served.heard == []


@pytest.mark.parametrize("words", [("--stack", "headrace"), ("--queue-url", QUEUE)])
def test_a_profile_that_is_not_there_is_named(
    environment: pytest.MonkeyPatch, words: tuple[str, str]
) -> None:
    environment.setenv("AWS_PROFILE", "nonesuch")

    code, sentence, _ = refused(redrive(*words))

    assert code == 2
    assert sentence.startswith("The AWS credentials cannot be used: ")
    assert "nonesuch" in sentence


def test_a_stack_needs_a_region(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_DEFAULT_REGION")
    environment.delenv("AWS_REGION", raising=False)

    code, sentence, hint = refused(redrive("--stack", "headrace"))

    assert code == 2
    assert sentence.startswith("There is no AWS region to ask in")
    assert "AWS_REGION" in hint


def test_the_url_of_a_queue_says_in_which_region_it_is(
    environment: pytest.MonkeyPatch, served: Front, aws: Aws
) -> None:
    environment.delenv("AWS_DEFAULT_REGION")
    environment.delenv("AWS_REGION", raising=False)
    aws.refuse("GetQueueAttributes", 400, "AWS.SimpleQueueService.NonExistentQueue", "no")

    code, sentence, _ = refused(redrive())

    assert (code, sentence) == (2, f"There is no queue '{QUEUE}'.")
    assert "/eu-central-1/sqs/" in served.heard[0].headers["Authorization"]


@pytest.mark.parametrize(
    "words",
    [
        ("--yes",),
        ("--stack", "headrace", "--queue-url", "https://sqs.us-east-1.amazonaws.com/1/q"),
        ("--queue-url", "https://sqs.us-east-1.amazonaws.com/1/q", "--urgent"),
        ("--queue-url", "https://sqs.us-east-1.amazonaws.com/1/q", "--queue", "heavy"),
        ("--stack", "headrace", "--queue", "heavy", "--default"),
    ],
)
def test_what_to_move_must_be_said_in_one_way(words: tuple[str, ...]) -> None:
    code, _, hint = refused(redrive(*words))

    assert code == 2
    assert "--" in hint or "stack" in hint
