"""List prices of us-east-1 in US dollars per million, first tier, as noted in November 2026.

Source: the project's notes on the platform, after AWS's public prices for DynamoDB (on demand,
standard table, since the cut of November 2024), SQS (standard queues, requests of up to 64 KB),
Lambda (requests), EventBridge (custom events) and S3 (standard). They were not read off a bill;
check them against AWS before relying on them. What SQS adds for a message group on a standard
queue (fair queueing, July 2025) is from a price guide of March 2026. On which requests it falls
was not to be found: it is counted on sending, where the group is named; if it is on receiving and
deleting too, it is three times as much.

Left out: Lambda's duration, which is the stage's own; what calls the tick and the API; storage,
logs, traffic; and what event source mappings ask of queues that are empty.
"""

from decimal import Decimal
from typing import Final

from tests.benchmarks.usage import Kind, Usage

WRITE_UNIT: Final = Decimal("0.625")
READ_UNIT: Final = Decimal("0.125")
SQS_REQUEST: Final = Decimal("0.40")
SQS_FAIR_REQUEST: Final = Decimal("0.10")
LAMBDA_REQUEST: Final = Decimal("0.20")
EVENT: Final = Decimal("1.00")
S3_PUT: Final = Decimal("5.00")
S3_GET: Final = Decimal("0.40")


def bill(usage: Usage, *, batch: int) -> dict[str, Decimal]:
    """Return what a million times *usage* costs, by what is paid for.

    Args:
        batch: How many bells the event source mapping hands to one invocation. It receives and
            deletes them together; ten small ones fit the 64 KB of one request.
    """
    sends, bells = usage.total(Kind.SEND), usage.total(Kind.BELL)
    invocations = bells / batch
    return {
        "DynamoDB write units": usage.total(Kind.WRITE) * WRITE_UNIT,
        "DynamoDB read units": usage.total(Kind.READ) * READ_UNIT,
        "SQS send, receive, delete": (sends + 2 * invocations) * SQS_REQUEST,
        "SQS fair queueing": sends * SQS_FAIR_REQUEST,
        "Lambda requests": invocations * LAMBDA_REQUEST,
        "EventBridge events": usage.total(Kind.EVENT) * EVENT,
        "S3 requests": usage.total(Kind.BLOB_PUT) * S3_PUT + usage.total(Kind.BLOB_GET) * S3_GET,
    }


def usd(usage: Usage, *, batch: int) -> Decimal:
    """Return what a million times *usage* costs."""
    return sum(bill(usage, batch=batch).values(), start=Decimal())
