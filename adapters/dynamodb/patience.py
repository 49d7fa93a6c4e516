"""Which of DynamoDB's refusals to wait out, and what the others are in the kernel's words."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Final, TypeVar

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as ConnectionFailedError
from pynamodb.exceptions import CancellationReason, PynamoDBException, TransactWriteError

from adapters.aws.errors import DeniedError, code_of, denied, is_denied
from kernel.errors import ConditionFailedError, EngineError, UnavailableError
from kernel.ports.clock import Clock
from kernel.ports.entropy import Entropy

_Answer = TypeVar("_Answer")

# Reasons within a cancelled transaction are spelt without `Exception`, errors by themselves with.
_REFUSED: Final = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})
_PASSING: Final = frozenset(
    {
        *("TransactionConflict", "TransactionConflictException"),
        *("TransactionInProgressException", "RequestLimitExceeded"),
        *("ThrottlingError", "ThrottlingException", "Throttling"),
        *("ProvisionedThroughputExceeded", "ProvisionedThroughputExceededException"),
        "ReplicatedWriteConflictException",
    }
)
_DOWN: Final = frozenset(
    {
        *("InternalServerError", "InternalFailure", "ServiceUnavailable"),
        *("ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException"),
    }
)
_NO_TABLE: Final = frozenset({"ResourceNotFoundException", "ResourceNotFound"})

_OUT_OF_REACH: Final = (ConnectionFailedError, HTTPClientError, IncompleteReadError)

_RETRIES: Final = 7
_FIRST_PAUSE: Final = timedelta(milliseconds=25)
_LONGEST_PAUSE: Final = timedelta(milliseconds=400)


class Patience:
    """Asks again while the table is only busy: seven times, within a second and a half."""

    def __init__(self, *, table: str, clock: Clock, entropy: Entropy) -> None:
        self._table = table
        self._clock = clock
        self._entropy = entropy

    def ask(self, question: Callable[[], _Answer], *, about: Sequence[str] = ()) -> _Answer:
        """Return the answer to *question*.

        Args:
            about: The sort keys that it is about, in the order in which they are sent.

        Raises:
            ConditionFailedError: An item is not as the write requires.
            UnavailableError: The table stays busy, does not answer, or is not there.
            DeniedError: It may not be asked. What is wrong with the question itself is raised as
                it comes: asking again cannot help.
        """
        pauses = self._pauses()
        while True:
            try:
                return question()
            except PynamoDBException as error:
                pause = next(pauses, None) if _is_passing(_codes(error)) else None
                if pause is None:
                    told = self._told(error, about)
                    if told is None:
                        _explain(error, about)
                        raise
                    raise told from error
            self._clock.sleep(pause)

    def _pauses(self) -> Iterator[timedelta]:
        for nth in range(_RETRIES):
            yield min(_FIRST_PAUSE * 2**nth, _LONGEST_PAUSE) * self._entropy.jitter()

    def _told(
        self, error: PynamoDBException, about: Sequence[str]
    ) -> EngineError | DeniedError | None:
        codes = set(_codes(error))
        if codes & _REFUSED:
            message = "A record is not as the write requires; nothing was written."
            return ConditionFailedError(message, items=_refused(error, about))
        if isinstance(error.cause, _OUT_OF_REACH):
            return UnavailableError("DynamoDB is out of reach.", table=self._table)
        if codes & _NO_TABLE:
            message = (
                f"There is no table {self._table!r} here; check HEADRACE_TABLE and the region."
            )
            return UnavailableError(message, table=self._table)
        if codes & (_PASSING | _DOWN):
            message = f"The table {self._table!r} is too busy to answer."
            return UnavailableError(message, table=self._table, aws=sorted(codes))
        return self._denied(error)

    def _denied(self, error: PynamoDBException) -> DeniedError | None:
        cause = error.cause
        if isinstance(cause, ClientError) and is_denied(code_of(cause)):
            return denied(f"The table {self._table!r}", cause)
        return None


def _codes(error: PynamoDBException) -> list[str]:
    """Return what DynamoDB said: the error's code, then one for each item that was refused.

    PynamoDB 6.1's `cause_response_code` fails where there was no response at all.
    """
    if not isinstance(error.cause, ClientError):
        return []
    reasons = [reason.code for reason in _reasons(error) if reason]
    return [error.cause_response_code or "", *reasons]


def _reasons(error: PynamoDBException) -> list[CancellationReason | None]:
    """Return why a transaction was cancelled, one reason or None for each of its items."""
    return error.cancellation_reasons if isinstance(error, TransactWriteError) else []


def _is_passing(codes: Sequence[str]) -> bool:
    return bool(_PASSING.intersection(codes)) and not _REFUSED.intersection(codes)


def _refused(error: PynamoDBException, about: Sequence[str]) -> list[str]:
    reasons = _reasons(error)
    if not reasons:
        return list(about)
    return [
        item
        for item, reason in zip(about, reasons, strict=False)
        if reason and reason.code in _REFUSED
    ]


def _explain(error: PynamoDBException, about: Sequence[str]) -> None:
    """Note which item of a transaction was at fault: the error itself does not say."""
    for item, reason in zip(about, _reasons(error), strict=False):
        if reason:
            error.add_note(f"{item}: {reason.code}, {reason.message}")
