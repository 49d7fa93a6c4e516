"""Items on which another transaction is at work whenever somebody begins to write."""

from collections.abc import Sequence
from typing import Any

from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.operations import Operation


class BusyItems(MemoryItems):
    """Answers every other transaction as DynamoDB does while another one is at the same item."""

    conflicts = 0

    def write(self, operations: Sequence[Operation]) -> None:
        self.conflicts += 1
        if self.conflicts % 2:
            raise _conflict()
        super().write(operations)


def _conflict() -> TransactWriteError:
    error: dict[str, Any] = {"Error": {"Code": "TransactionCanceledException"}}
    reasons = [CancellationReason(code="TransactionConflict", message="busy")]
    cause = VerboseClientError(error, "TransactWriteItems", cancellation_reasons=reasons)
    return TransactWriteError("busy", cause)
