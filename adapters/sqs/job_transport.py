"""Bells through SQS: one message each, an urgent queue and an ordinary one, and named ones."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from adapters.aws.batches import MOST, batches
from adapters.aws.client import LazyClient
from adapters.aws.errors import code_of, translated
from adapters.sqs.messages import LARGEST, entry_of, readable
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.bell import Bell
from kernel.model.lacking import no_queue
from kernel.ports.job_transport import Delivery

if TYPE_CHECKING:
    # For its types only: boto3 loads S3's transfers, which takes as long as all the kernel.
    from boto3.session import Session

LONGEST_DELAY: Final = timedelta(minutes=15)
LONGEST_HIDING: Final = timedelta(hours=12)
LONGEST_WAIT: Final = timedelta(seconds=5)

# What SQS says of a receipt that is used up, replaced or expired.
_STALE: Final = {"InvalidParameterValue", "MessageNotInflight", "ReceiptHandleIsInvalid"}


class SqsJobTransport:
    """Standard queues: fair ones, since every message says whose share it is charged to.

    A receipt is the queue's URL, a space, and SQS's receipt handle. The URL may be left out, as
    by whoever was handed the message by Lambda; then it is the queue that the bell is sent to.

    Args:
        queues: The URLs of the named queues.
        wait: How long an empty queue is listened to. Without waiting, SQS asks some of its
            machines only, and an empty answer may be wrong. At most five seconds.
    """

    def __init__(
        self,
        *,
        queue_url: str,
        urgent_queue_url: str,
        queues: Mapping[str, str] | None = None,
        wait: timedelta = timedelta(seconds=1),
        session: "Session | None" = None,
    ) -> None:
        self._ordinary = queue_url
        self._urgent = urgent_queue_url
        self._named = dict(queues or {})
        self._wait = _seconds(wait, LONGEST_WAIT)
        self._sqs = LazyClient(
            session, lambda session, config: session.client("sqs", config=config)
        )

    def make_client(self) -> None:
        """Do it now rather than when it is first needed."""
        self._sqs()

    @property
    def longest_delay(self) -> timedelta:
        return LONGEST_DELAY

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        queues: defaultdict[str, list[Any]] = defaultdict(list)
        homeless = [bell for bell in bells if not self._has_queue_of(bell)]
        for nth, bell in enumerate(bells):
            if self._has_queue_of(bell):
                entry = entry_of(bell, nth=nth, delay=_seconds(delay, LONGEST_DELAY))
                queues[self._url_of(bell)].append(entry)
        for url, entries in queues.items():
            unsent = self._send(url, self._send(url, entries))
            if unsent:
                raise UnavailableError(f"The queue {url!r} refused {len(unsent)} bells, twice.")
        if homeless:
            raise no_queue(homeless)

    def receive(self, *, limit: int = 1, queue: str | None = None) -> Sequence[Delivery]:
        if queue is not None:
            return self._receive(self._url_named(queue), limit, wait=self._wait)
        # An urgent queue that is empty, as it mostly is, must not hold up the ordinary one.
        return (
            self._receive(self._urgent, limit, wait=0)
            or self._receive(self._ordinary, limit, wait=self._wait)
            or (self._wait and self._receive(self._urgent, limit, wait=self._wait))
            or ()
        )

    def acknowledge(self, delivery: Delivery) -> None:
        url, handle = self._place_of(delivery)
        with self._translated(url), _unless_stale():
            self._sqs().delete_message(QueueUrl=url, ReceiptHandle=handle)

    def hold(self, delivery: Delivery, *, span: timedelta) -> None:
        self._hide(delivery, span)

    def give_back(self, delivery: Delivery, *, delay: timedelta = timedelta()) -> None:
        self._hide(delivery, delay)

    def _hide(self, delivery: Delivery, span: timedelta) -> None:
        url, handle = self._place_of(delivery)
        with self._translated(url), _unless_stale():
            self._sqs().change_message_visibility(
                QueueUrl=url,
                ReceiptHandle=handle,
                VisibilityTimeout=_seconds(span, LONGEST_HIDING),
            )

    def _send(self, url: str, entries: Sequence[Any]) -> Sequence[Any]:
        """Send *entries*, and return those that were refused."""
        refused: set[str] = set()
        for batch in batches(entries, size=lambda entry: len(entry["MessageBody"]), limit=LARGEST):
            with self._translated(url):
                answer = self._sqs().send_message_batch(QueueUrl=url, Entries=batch)
            refused |= {failure["Id"] for failure in answer.get("Failed", [])}
        return [entry for entry in entries if entry["Id"] in refused]

    def _receive(self, url: str, limit: int, *, wait: int) -> Sequence[Delivery]:
        """Take what one request brings; ask again only where none of it could be read."""
        while limit > 0:
            with self._translated(url):
                answer = self._sqs().receive_message(
                    QueueUrl=url,
                    MaxNumberOfMessages=min(limit, MOST),
                    WaitTimeSeconds=wait,
                    MessageSystemAttributeNames=["ApproximateReceiveCount"],
                )
            messages = answer.get("Messages", [])
            deliveries = [*readable(messages, url=url)]
            if deliveries or not messages:
                return deliveries
        return ()

    def _url_of(self, bell: Bell) -> str:
        if bell.queue is not None:
            return self._url_named(bell.queue)
        return self._plain(bell)

    def _plain(self, bell: Bell) -> str:
        return self._urgent if bell.urgent else self._ordinary

    def _has_queue_of(self, bell: Bell) -> bool:
        return bell.queue is None or bell.queue in self._named

    def _url_named(self, queue: str) -> str:
        if queue not in self._named:
            known = ", ".join(sorted(self._named)) or "none"
            message = f"There is no queue {queue!r}; there are: {known}."
            raise NotFoundError(message, queue=queue)
        return self._named[queue]

    def _place_of(self, delivery: Delivery) -> tuple[str, str]:
        bell = delivery.bell
        url, _, handle = delivery.receipt.rpartition(" ")
        return url or self._named.get(str(bell.queue)) or self._plain(bell), handle

    @contextmanager
    def _translated(self, url: str) -> Iterator[None]:
        urgent = url == self._urgent
        variable = "HEADRACE_URGENT_QUEUE_URL" if urgent else "HEADRACE_QUEUE_URL"
        with translated(f"The queue {url!r}", variable=variable):
            yield


@contextmanager
def _unless_stale() -> Iterator[None]:
    """Pass over a receipt that is no longer valid: somebody else has the bell by now."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in _STALE:
            raise


def _seconds(span: timedelta, longest: timedelta) -> int:
    """Return whole seconds, rather too many than too few."""
    return math.ceil(max(timedelta(), min(span, longest)).total_seconds())
