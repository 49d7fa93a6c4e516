"""What a bell looks like as an SQS message, and back."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kernel.errors import InvalidInputError
from kernel.model import bell_wire
from kernel.model.bell import Bell
from kernel.model.ids import short
from kernel.ports.job_transport import Delivery

# A mebibyte for all messages of a request together, less what SQS may count beside the text.
LARGEST: Final = 1_000_000

_GROUP_ID: Final = re.compile(r"[!-~]{1,128}")


def entry_of(bell: Bell, *, nth: int, delay: int) -> Mapping[str, Any]:
    """Return the *nth* entry of an errand, to be delivered after *delay* seconds."""
    return {
        "Id": str(nth),
        "MessageBody": bell_wire.encode(bell, limit=LARGEST),
        "DelaySeconds": delay,
        "MessageGroupId": _group_id(bell.fair_share),
    }


def readable(messages: Sequence[Mapping[str, Any]], *, url: str) -> Iterator[Delivery]:
    """Yield what can be read as a bell. The rest stays hidden, and comes again."""
    for message in messages:
        try:
            bell = bell_wire.decode(message["Body"])
        except InvalidInputError:
            continue
        count = int(message["Attributes"]["ApproximateReceiveCount"])
        yield Delivery(bell=bell, receipt=f"{url} {message['ReceiptHandle']}", count=count)


def _group_id(share: str) -> str:
    """Return *share*, or what stands for it where SQS does not take its characters."""
    return share if _GROUP_ID.fullmatch(share) else short(share, 32)
