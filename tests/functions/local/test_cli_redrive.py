"""`headrace redrive`: dead letters go back to their queue, by SQS's own tasks."""

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from functions.local import redriving
from functions.local.account import Account, open_account
from functions.local.cli import app
from tests.functions.local.seat import refused
from tests.support.move_tasks import MoveTasks


@pytest.fixture(scope="module")
def opened() -> Iterator[Account]:
    with open_account() as account:
        yield account


@pytest.fixture
def account(opened: Account) -> Iterator[Account]:
    yield opened
    for url in (*opened.dead_letter_queues, *opened.dead_letter_queues.values()):
        taken(url)


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> MoveTasks:
    monkeypatch.setattr(redriving, "_PAUSE", 0)
    tasks = MoveTasks()
    tasks.install(monkeypatch)
    return tasks


@pytest.fixture
def urgent(account: Account) -> tuple[str, str]:
    """Return the URLs of the urgent queue, and of the one for its dead letters."""
    return account.outputs["UrgentQueueUrl"], account.outputs["UrgentDeadLetterQueueUrl"]


@pytest.fixture
def default(account: Account) -> tuple[str, str]:
    return account.outputs["QueueUrl"], account.outputs["DeadLetterQueueUrl"]


@pytest.fixture
def heavy(account: Account) -> tuple[str, str]:
    return account.outputs["heavyQueueUrl"], account.outputs["heavyDeadLetterQueueUrl"]


def redrive(*words: str, says: str = "") -> Result:
    return CliRunner().invoke(app, ["redrive", *words], input=says)


def put(url: str, *bodies: str) -> None:
    for body in bodies:
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body)


def taken(url: str) -> list[str]:
    """Take what waits in the queue, and return the bodies."""
    sqs = boto3.client("sqs")
    received: Any = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for each in received:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return sorted(each["Body"] for each in received)


def name(url: str) -> str:
    return url.rpartition("/")[2]


def test_dead_letters_of_all_queues_go_back_to_where_they_failed(
    tasks: MoveTasks, default: tuple[str, str], urgent: tuple[str, str], heavy: tuple[str, str]
) -> None:
    put(default[1], "ding", "dong")
    put(urgent[1], "quick")
    put(heavy[1], "slow")

    result = redrive("--stack", "headrace", "--yes")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        f"2 wait in {name(default[1])}, to go back to {name(default[0])}.",
        f"1 wait in {name(urgent[1])}, to go back to {name(urgent[0])}.",
        f"1 wait in {name(heavy[1])}, to go back to {name(heavy[0])}.",
        f"1 moved from {name(default[1])} so far.",
        f"2 moved from {name(default[1])} so far.",
        f"2 moved from {name(default[1])}.",
        f"1 moved from {name(urgent[1])} so far.",
        f"1 moved from {name(urgent[1])}.",
        f"1 moved from {name(heavy[1])} so far.",
        f"1 moved from {name(heavy[1])}.",
    ]
    assert (taken(default[0]), taken(urgent[0])) == (["ding", "dong"], ["quick"])
    assert taken(heavy[0]) == ["slow"]
    assert taken(default[1]) == taken(urgent[1]) == taken(heavy[1]) == []


def test_one_of_the_two_queues_can_be_chosen(
    tasks: MoveTasks, default: tuple[str, str], urgent: tuple[str, str]
) -> None:
    put(default[1], "ding")
    put(urgent[1], "quick")

    result = redrive("--stack", "headrace", "--urgent", "--yes")

    assert result.exit_code == 0
    assert (taken(default[0]), taken(urgent[0])) == ([], ["quick"])


def test_one_of_the_queues_that_stages_name_can_be_chosen(
    tasks: MoveTasks, default: tuple[str, str], heavy: tuple[str, str]
) -> None:
    put(default[1], "ding")
    put(heavy[1], "slow")

    result = redrive("--stack", "headrace", "--queue", "heavy", "--yes")

    assert result.exit_code == 0
    assert (taken(default[0]), taken(heavy[0])) == ([], ["slow"])


def test_a_queue_can_be_named_by_its_url(tasks: MoveTasks, default: tuple[str, str]) -> None:
    put(default[1], "ding")

    result = redrive("--queue-url", default[1], "--yes")

    assert result.exit_code == 0
    assert taken(default[0]) == ["ding"]


@pytest.mark.usefixtures("account")
def test_where_nothing_waits_there_is_nothing_to_do(tasks: MoveTasks) -> None:
    result = redrive("--stack", "headrace")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "There is nothing to move."
    assert tasks.tasks == []


def test_what_somebody_else_looks_at_is_told_and_left(
    tasks: MoveTasks, default: tuple[str, str]
) -> None:
    put(default[1], "ding")
    boto3.client("sqs").receive_message(QueueUrl=default[1], VisibilityTimeout=60)

    result = redrive("--queue-url", default[1])

    assert result.exit_code == 0
    assert "; 1 more are in somebody's hands." in result.stdout
    assert tasks.tasks == []
    boto3.client("sqs").purge_queue(QueueUrl=default[1])


@pytest.mark.parametrize(("answer", "code", "moved"), [("y\n", 0, ["ding"]), ("n\n", 1, [])])
def test_nothing_is_moved_before_somebody_says_so(
    tasks: MoveTasks, default: tuple[str, str], answer: str, code: int, moved: list[str]
) -> None:
    put(default[1], "ding")

    result = redrive("--stack", "headrace", "--default", says=answer)

    assert result.exit_code == code
    assert "Move them? [y/N]" in result.stdout
    assert taken(default[0]) == moved


def test_where_nobody_answers_nothing_is_moved(tasks: MoveTasks, default: tuple[str, str]) -> None:
    put(default[1], "ding")

    result = redrive("--stack", "headrace")

    assert result.exit_code == 2
    assert "Error: Nobody answers, so nothing was moved." in result.stderr
    assert "--yes" in result.stderr
    assert tasks.tasks == []


def test_a_move_that_runs_already_is_not_started_again(
    tasks: MoveTasks, default: tuple[str, str]
) -> None:
    put(default[1], "ding", "dong", "dang")
    arn = f"arn:aws:sqs:us-east-1:123456789012:{name(default[1])}"
    boto3.client("sqs").start_message_move_task(SourceArn=arn)

    result = redrive("--queue-url", default[1], "--yes")

    assert result.exit_code == 2
    assert "already; 1 have been moved." in result.stderr
    assert "cancel-message-move-task --task-handle task-" in result.stderr
    assert len(tasks.tasks) == 1


def test_a_move_before_is_not_taken_for_the_one_just_started(
    tasks: MoveTasks, default: tuple[str, str]
) -> None:
    put(default[1], "ding")
    redrive("--queue-url", default[1], "--yes")
    put(default[1], "dong")
    tasks.shy = 3

    result = redrive("--queue-url", default[1], "--yes")

    assert result.exit_code == 0
    assert taken(default[0]) == ["ding", "dong"]


def test_a_move_that_is_never_seen_is_not_waited_for_for_ever(
    tasks: MoveTasks, default: tuple[str, str]
) -> None:
    put(default[1], "ding")
    tasks.shy = 1_000

    result = redrive("--queue-url", default[1], "--yes")

    assert result.exit_code == 1
    assert "SQS does not show the move" in result.stderr
    assert "goes on by itself" in result.stderr


def test_a_move_that_fails_says_why(tasks: MoveTasks, default: tuple[str, str]) -> None:
    put(default[1], "ding")
    tasks.dies_of = "CouldNotDetermineMessageSource"

    result = redrive("--queue-url", default[1], "--yes")

    assert result.exit_code == 1
    assert "FAILED after 0, because of CouldNotDetermineMessageSource." in result.stderr
    assert taken(default[1]) == ["ding"]


def test_whoever_stops_watching_hears_that_the_move_goes_on(
    tasks: MoveTasks, default: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(default[1], "ding", "dong", "dang")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Event, "wait", interrupt)
    result = redrive("--queue-url", default[1], "--yes")

    assert result.exit_code == 130
    assert "goes on by itself" in result.stderr
    assert "cancel-message-move-task" in result.stderr


@pytest.mark.usefixtures("account", "tasks")
def test_a_stack_that_is_not_there_is_named() -> None:
    result = redrive("--stack", "nonesuch")

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, "There is no stack 'nonesuch' in us-east-1.")
    assert "AWS_REGION" in hint


@pytest.mark.usefixtures("account", "tasks")
def test_a_stack_of_somebody_else_is_told_apart() -> None:
    other = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    boto3.client("cloudformation").create_stack(StackName="other", TemplateBody=other)

    result = redrive("--stack", "other")

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, "The stack 'other' has no output DeadLetterQueueUrl.")
    assert "Headrace's template" in hint


def test_a_queue_that_the_stack_does_not_have_is_named(account: Account) -> None:
    code, sentence, hint = refused(redrive("--stack", "headrace", "--queue", "gpu"))

    assert code == 2
    assert sentence == "The stack 'headrace' has no output gpuDeadLetterQueueUrl."
    assert "NamedQueues" in hint


def test_a_queue_that_is_not_there_is_named(tasks: MoveTasks, default: tuple[str, str]) -> None:
    result = redrive("--queue-url", f"{default[1]}-not")

    code, sentence, _ = refused(result)
    assert (code, sentence) == (2, f"There is no queue '{default[1]}-not'.")


def test_a_queue_that_gets_no_dead_letters_is_left_alone(
    tasks: MoveTasks, default: tuple[str, str]
) -> None:
    put(default[0], "ding")

    result = redrive("--queue-url", default[0], "--yes")

    code, sentence, hint = refused(result)
    assert (code, sentence) == (2, f"No other queue sends its dead letters to {name(default[0])}.")
    assert "UrgentDeadLetterQueueUrl" in hint
    assert taken(default[0]) == ["ding"]
