"""The real handlers, fed as AWS feeds them: runs end, and nothing waits for the tick."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from functions import wiring
from functions.local.running import Watch
from functions.local.stack import LocalStack
from functions.local.views import RunView

PATIENCE = timedelta(seconds=20)


class Album:
    """Remembers every look at a run."""

    def __init__(self) -> None:
        self.looks: list[RunView] = []
        self.suspended = threading.Event()

    def show(self, run: RunView) -> None:
        self.looks.append(run)
        if "SUSPENDED" in statuses(run).values():
            self.suspended.set()


class Bench:
    """A stack without a tick, and words to run something on it."""

    def __init__(self, stack: LocalStack, log: io.StringIO) -> None:
        self.stack = stack
        self.album = Album()
        self._log = log

    def start(self, workflow_id: str, input_: Any) -> Watch:
        body = {"workflow_id": workflow_id, "input": input_}
        run_id = self.stack.request("POST", "/runs", body).body["run_id"]
        self.album = Album()
        return Watch(self.stack, run_id, [], self.album)

    def run(self, workflow_id: str, input_: Any) -> RunView:
        return self.start(workflow_id, input_).until_over(PATIENCE, threading.Event())

    def logged(self) -> list[Any]:
        return [json.loads(line) for line in self._log.getvalue().splitlines()]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    log = io.StringIO()
    stack = LocalStack(
        workflows="tests.functions.local.flows",
        tick_every=None,
        comes_back=timedelta(),
        log=log,
    )
    with stack:
        yield Bench(stack, log)


def statuses(run: RunView) -> dict[str, str]:
    return {stage.id: stage.status for stage in run.stages}


def test_three_trivial_stages_finish_although_the_tick_is_off(bench: Bench) -> None:
    run = bench.run("hello", {"name": "Ada"})

    assert run.status == "COMPLETED"
    assert run.output == {"text": "Hello, Ada!"}
    assert statuses(run) == {"tidy": "COMPLETED", "greet": "COMPLETED", "cheer": "COMPLETED"}


def test_stages_of_a_group_meet_again_in_the_next_one(bench: Bench) -> None:
    run = bench.run("splitting", {"value": 4})

    assert run.status == "COMPLETED"
    assert run.output == {"value": 45}
    assert [(stage.id, stage.group) for stage in run.stages] == [
        ("left", 1),
        ("right", 1),
        ("add", 2),
    ]


def test_a_queue_that_a_stage_names_is_there_and_served(bench: Bench) -> None:
    run = bench.run("far", {"value": 4})

    assert run.status == "COMPLETED"
    assert run.output == {"value": 10}
    assert bench.stack.account.outputs["gpuQueueUrl"].endswith("/headrace-gpu-bells")
    (present,) = wiring.ports().persistence.presences("gpu")
    assert [*present.fingerprints] == ["far"]


def test_the_polls_of_a_batch_stage_are_seen(bench: Bench) -> None:
    run = bench.run("baking", {})

    assert run.status == "COMPLETED"
    assert run.output == {"value": 7}
    assert "SUSPENDED" in {stage.status for look in bench.album.looks for stage in look.stages}
    assert run.polls >= 1


def test_a_stage_that_waits_for_a_call_goes_on_when_it_comes(bench: Bench) -> None:
    watch = bench.start("asking", {})
    run_id = watch.until_over(PATIENCE, bench.album.suspended).id
    link = bench.stack.blob(f"runs/{run_id}/ask/0-1/files/link.txt").decode()
    path = link.removeprefix(bench.stack.account.outputs["ApiUrl"])

    followed = bench.stack.request("GET", path)
    answer = bench.stack.request("POST", path, {"output": {"value": 41}})

    run = watch.until_over(PATIENCE, threading.Event())
    assert (followed.status, answer.status, answer.body["resumed"]) == (404, 200, True)
    assert (run.status, run.output) == ("COMPLETED", {"value": 41})


def test_a_stage_that_fails_is_tried_again_without_the_tick(bench: Bench) -> None:
    run = bench.run("flaky", {})

    assert run.status == "COMPLETED"
    assert [stage.attempt for stage in run.stages] == [2]


def test_a_stage_that_kills_its_process_is_tried_again_in_another(bench: Bench) -> None:
    run = bench.run("crashing", {"value": 1})

    said = {line["message"]: line for line in bench.logged()}
    assert (run.status, run.output) == ("COMPLETED", {"value": 10_002})
    assert [stage.attempt for stage in run.stages] == [1, 2]
    assert said["printed over there"]["run_id"] == run.id
    assert any("SIGKILL" in message for message in said)


def test_a_stage_that_gives_up_fails_its_run(bench: Bench) -> None:
    run = bench.run("doomed", {})

    assert run.status == "FAILED"
    assert run.failed_stage == "refuse"
    assert run.error == "It will never work. (FATAL)"


def test_a_run_that_is_cancelled_ends_at_once(bench: Bench) -> None:
    watch = bench.start("sleepy", {})
    begun = watch.until_over(timedelta(seconds=0.5), threading.Event())

    run = watch.cancel("changed my mind")

    assert not begun.is_over
    assert run.status == "CANCELLED"
    assert statuses(run) == {"sleep": "CANCELLED"}


def test_an_urgent_run_goes_through_the_other_queue(bench: Bench) -> None:
    body = {"workflow_id": "hello", "input": {}, "priority": 9}
    run_id = bench.stack.request("POST", "/runs", body).body["run_id"]

    run = Watch(bench.stack, run_id, [], Album()).until_over(PATIENCE, threading.Event())

    assert run.output == {"text": "Hello, world!"}


def test_a_message_that_is_no_bell_ends_among_the_dead_letters(bench: Bench) -> None:
    sqs = boto3.client("sqs")
    [(bells, dead), *_] = bench.stack.account.dead_letter_queues.items()

    sqs.send_message(QueueUrl=bells, MessageBody="this is not a doorbell")
    received = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=10)

    assert [each["Body"] for each in received["Messages"]] == ["this is not a doorbell"]
    assert bench.run("hello", {}).status == "COMPLETED"


def test_the_tick_comes_when_it_is_told_to(bench: Bench) -> None:
    bench.stack.tick()

    ticks = [line for line in bench.logged() if line["message"] == "tick"]
    assert ticks
    assert ticks[-1]["failed"] == 0


@pytest.mark.parametrize("path", ["/runs/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/runs", "/nothing"])
def test_what_is_not_there_is_not_found(bench: Bench, path: str) -> None:
    response = bench.stack.request("GET", path)

    assert response.status == 404


def test_what_the_functions_ask_of_aws_is_counted_and_what_the_stack_asks_is_not(
    bench: Bench,
) -> None:
    before = bench.stack.calls.by_service

    bench.run("hello", {})
    after = bench.stack.calls.by_service

    # A bell for the run's start and for each of its stages.
    assert after["sqs"] - before["sqs"] == 4
    assert after["dynamodb"] > before["dynamodb"]
    assert after.keys() == before.keys()
