"""The event source mappings: from the account's queues to the functions that are fed by them."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import boto3
from botocore.config import Config

from functions.local.calls import UNCOUNTED
from functions.local.event_shapes import sqs_event

log = logging.getLogger(__name__)

# Seconds that a poller listens to an empty queue. A message ends the wait at once.
_LISTEN: Final = 5
# Seconds until a poller looks again whether it may go on, and until it gives up on a queue.
_NAP: Final = 0.1
_PAUSE: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class FedQueue:
    """A queue, and the function that its messages go to. *invoke* takes the event."""

    url: str
    arn: str
    batch_size: int
    invoke: Callable[[Mapping[str, Any]], Any]


class QueuePump:
    """Receives, invokes, deletes what succeeded; one poller a queue, one thread a batch.

    What failed comes back soon, where Lambda would wait for the queue's visibility timeout: that
    is an hour and more, and nobody would sit through it. Its deliveries are counted as ever.

    Args:
        workers: How many batches may be in hand at once, of all queues together.
        comes_back: How long a failed message stays hidden.
    """

    def __init__(
        self,
        queues: Sequence[FedQueue],
        *,
        workers: int,
        comes_back: timedelta = timedelta(seconds=1),
    ) -> None:
        self._sqs = boto3.client("sqs", config=Config(user_agent_extra=UNCOUNTED))
        self._queues = queues
        self._workers = workers
        self._hidden = round(comes_back / timedelta(seconds=1))
        self._free = threading.Semaphore(workers)
        self._stopping = threading.Event()
        self._pollers = [
            threading.Thread(target=self._poll, args=(queue,), name="poller", daemon=True)
            for queue in queues
        ]

    def start(self) -> None:
        for poller in self._pollers:
            poller.start()

    def stop(self, *, grace: timedelta) -> bool:
        """Receive no more; return whether every batch in hand ended within *grace*."""
        until = time.monotonic() + grace / timedelta(seconds=1)
        self._stopping.set()
        for queue in self._queues:
            # Whoever listens to a queue cannot be stopped, but be told something.
            self._sqs.send_message(QueueUrl=queue.url, MessageBody="Good night.")
        for poller in self._pollers:
            poller.join(timeout=max(0.0, until - time.monotonic()))
        return self._ended(until)

    def _ended(self, until: float) -> bool:
        """Return whether all workers are free before *until*."""
        found = [
            self._free.acquire(timeout=max(0.0, until - time.monotonic()))
            for _ in range(self._workers)
        ]
        for _ in range(found.count(True)):
            self._free.release()
        return all(found)

    def _poll(self, queue: FedQueue) -> None:
        while not self._stopping.is_set():
            try:
                messages = self._receive(queue)
            except Exception:
                log.exception("%s could not be read", queue.url)
                self._stopping.wait(_PAUSE)
                continue
            if messages and self._found_free():
                deliver = threading.Thread(
                    target=self._deliver, args=(queue, messages), name="batch", daemon=True
                )
                deliver.start()

    def _receive(self, queue: FedQueue) -> Sequence[Any]:
        answer = self._sqs.receive_message(
            QueueUrl=queue.url,
            MaxNumberOfMessages=min(queue.batch_size, 10),
            WaitTimeSeconds=_LISTEN,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return answer.get("Messages", [])

    def _found_free(self) -> bool:
        """Wait for a free worker; return whether one was found before everything stops."""
        while not self._stopping.is_set():
            if self._free.acquire(timeout=_NAP):
                return True
        return False

    def _deliver(self, queue: FedQueue, messages: Sequence[Any]) -> None:
        with self._released():
            try:
                answer = queue.invoke(sqs_event(messages, arn=queue.arn))
            except Exception:  # noqa: BLE001 - the invocation has logged it; the batch comes back
                failed = {message["MessageId"] for message in messages}
            else:
                failed = failed_ids(answer, [message["MessageId"] for message in messages])
            self._settle(queue, messages, failed)

    @contextmanager
    def _released(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            log.exception("A batch could not be put away")
        finally:
            self._free.release()

    def _settle(self, queue: FedQueue, messages: Sequence[Any], failed: set[str]) -> None:
        for message in messages:
            place = {"QueueUrl": queue.url, "ReceiptHandle": message["ReceiptHandle"]}
            if message["MessageId"] in failed:
                self._sqs.change_message_visibility(**place, VisibilityTimeout=self._hidden)
            else:
                self._sqs.delete_message(**place)


def failed_ids(answer: Any, ids: Sequence[str]) -> set[str]:
    """Return which of *ids* failed, by what the function answered.

    As with Lambda, an answer without failures is a success of all, and one that cannot be
    understood, or that names a message which was not in the batch, is a failure of all.
    """
    everything = set(ids)
    if answer is None:
        return set()
    if not isinstance(answer, dict):
        return everything
    failures = answer.get("batchItemFailures") or []
    named: set[Any] = {
        each.get("itemIdentifier") if isinstance(each, dict) else None for each in failures
    }
    return everything if named - everything else named
