"""Queues feed functions as Lambda's event source mappings do it."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, islice
from typing import Any
from uuid import uuid4

import boto3
import pytest

from functions.local.account import Account, open_account
from functions.local.queues import FedQueue, QueuePump, failed_ids

SOON = timedelta()
GRACE = timedelta(seconds=10)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with open_account() as opened:
        yield opened


class Feed:
    """A queue of its own, and a pump that hands its messages to *function*."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function = function
        self._sqs = boto3.client("sqs")
        self.events: queue.Queue[Any] = queue.Queue()
        self.dead, dead_arn = self._make_queue()
        redrive = {"deadLetterTargetArn": dead_arn, "maxReceiveCount": 5}
        self.url, arn = self._make_queue(RedrivePolicy=json.dumps(redrive))
        fed = FedQueue(url=self.url, arn=arn, batch_size=10, invoke=self._invoke)
        self.pump = QueuePump([fed], workers=2, comes_back=SOON)

    def send(self, *bodies: str) -> None:
        entries = [{"Id": str(nth), "MessageBody": body} for nth, body in enumerate(bodies)]
        self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]

    def next_event(self) -> list[str]:
        event = self.events.get(timeout=10)
        return sorted(record["body"] for record in event["Records"])

    def left(self) -> int:
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=asked)  # type: ignore[arg-type]
        return sum(int(number) for number in answer["Attributes"].values())

    def next_dead(self) -> str:
        received = self._sqs.receive_message(QueueUrl=self.dead, WaitTimeSeconds=10)
        return received["Messages"][0]["Body"]

    def _make_queue(self, **attributes: str) -> tuple[str, str]:
        url = self._sqs.create_queue(
            QueueName=uuid4().hex,
            Attributes=attributes,  # type: ignore[arg-type]
        )["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, asked["Attributes"]["QueueArn"]

    def _invoke(self, event: Any) -> Any:
        self.events.put(event)
        return self._function(event)


FeedMaker = Callable[[Callable[[Any], Any]], Feed]


@pytest.fixture
def feed(account: Account) -> Iterator[FeedMaker]:
    made: list[Feed] = []

    def make(function: Callable[[Any], Any]) -> Feed:
        made.append(Feed(function))
        return made[-1]

    yield make
    for each in made:
        each.pump.stop(grace=GRACE)


def failing(*bodies: str) -> Callable[[Any], Any]:
    """Return a function that reports the messages with these *bodies*, and no others."""

    def function(event: Any) -> Any:
        named = [each["messageId"] for each in event["Records"] if each["body"] in bodies]
        return {"batchItemFailures": [{"itemIdentifier": name} for name in named]}

    return function


def test_a_message_is_handed_over_and_deleted(feed: FeedMaker) -> None:
    fed = feed(lambda _: None)
    fed.send("ding")

    fed.pump.start()
    bodies = fed.next_event()
    ended = fed.pump.stop(grace=GRACE)

    assert bodies == ["ding"]
    assert ended
    assert fed.left() == 1, "only the word that ends the poller's wait"


def test_what_failed_comes_again_and_the_rest_of_its_batch_does_not(feed: FeedMaker) -> None:
    fed = feed(failing("bad"))
    fed.send("bad", "good")

    fed.pump.start()
    first, second = fed.next_event(), fed.next_event()

    assert first == ["bad", "good"]
    assert second == ["bad"]


def test_what_fails_five_times_ends_among_the_dead_letters(feed: FeedMaker) -> None:
    fed = feed(failing("poison"))
    fed.send("poison")

    fed.pump.start()
    dead = fed.next_dead()

    assert dead == "poison"
    assert fed.events.qsize() == 5


def test_a_function_that_raises_gets_its_whole_batch_again(feed: FeedMaker) -> None:
    attempts = iter([ValueError("a bug")])

    def stumbling(event: Any) -> None:
        for error in attempts:
            raise error

    fed = feed(stumbling)
    fed.send("one", "two")

    fed.pump.start()
    first = fed.next_event()
    # They come back each at its own moment, and need not come together.
    again = islice(chain.from_iterable(iter(fed.next_event, None)), 2)

    assert first == sorted(again) == ["one", "two"]


def test_no_more_batches_are_in_hand_than_there_are_workers(feed: FeedMaker) -> None:
    may_go, both_in, third_in = threading.Event(), threading.Barrier(3), threading.Event()

    def slow(event: Any) -> None:
        if event["Records"][0]["body"] == "third":
            third_in.set()
        else:
            both_in.wait(timeout=10)
            may_go.wait(timeout=10)

    fed = feed(slow)
    fed.pump.start()
    fed.send("first")
    fed.next_event()
    fed.send("second")
    both_in.wait(timeout=10)
    fed.send("third")
    came_early = third_in.wait(timeout=0.3)
    may_go.set()
    came = third_in.wait(timeout=10)

    assert not came_early
    assert came


def test_stopping_does_not_wait_for_ever_for_a_batch_that_goes_on(feed: FeedMaker) -> None:
    may_go = threading.Event()
    fed = feed(lambda _: may_go.wait(timeout=30))
    fed.send("ding")

    fed.pump.start()
    fed.next_event()
    ended = fed.pump.stop(grace=timedelta(seconds=0.2))
    may_go.set()

    assert not ended


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "a"}]}, {"a"}),
        ({"batchItemFailures": [{"itemIdentifier": "z"}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, {"a", "b"}),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, {"a", "b"}),
        ({"batchItemFailures": [{"id": "a"}]}, {"a", "b"}),
        ({"batchItemFailures": ["a"]}, {"a", "b"}),
        ("done", {"a", "b"}),
    ],
)
def test_an_answer_is_understood_as_lambda_understands_it(answer: Any, failed: set[str]) -> None:
    ids = ["a", "b"]

    understood = failed_ids(answer, ids)

    assert understood == failed
