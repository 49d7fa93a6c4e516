"""What is worth waiting for, and what it is called when waiting did not help."""

from collections.abc import Callable

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from pynamodb.exceptions import (
    CancellationReason,
    PynamoDBException,
    TransactWriteError,
    UpdateError,
    VerboseClientError,
)

from adapters.aws.errors import DeniedError
from adapters.dynamodb.patience import Patience
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from kernel.errors import ConditionFailedError, UnavailableError
from tests.support.builders import NOON

URL = "https://dynamodb.example"


def refused(code: str) -> UpdateError:
    return UpdateError("no", VerboseClientError({"Error": {"Code": code}}, "UpdateItem"))


def cancelled(*codes: str | None) -> TransactWriteError:
    cause = VerboseClientError(
        {"Error": {"Code": "TransactionCanceledException"}},
        "TransactWriteItems",
        cancellation_reasons=[
            CancellationReason(code=code, message="too big") if code else None for code in codes
        ],
    )
    return TransactWriteError("no", cause)


def saying(*answers: PynamoDBException | str) -> Callable[[], str]:
    """Return a question that is answered so, one answer after the other."""
    left = iter(answers)

    def ask() -> str:
        answer = next(left)
        if isinstance(answer, str):
            return answer
        raise answer

    return ask


@pytest.fixture
def clock() -> SkippingClock:
    return SkippingClock(NOON)


@pytest.fixture
def patience(clock: SkippingClock) -> Patience:
    return Patience(table="records", clock=clock, entropy=SeededEntropy())


@pytest.mark.parametrize(
    "busy",
    [
        refused("TransactionConflictException"),
        refused("ThrottlingException"),
        refused("ProvisionedThroughputExceededException"),
        refused("RequestLimitExceeded"),
        cancelled(None, "TransactionConflict"),
        cancelled("ThrottlingError", None),
        cancelled("ProvisionedThroughputExceeded"),
    ],
    ids=str,
)
def test_a_busy_table_is_asked_again(
    patience: Patience, clock: SkippingClock, busy: PynamoDBException
) -> None:
    answer = patience.ask(saying(busy, busy, "done"))

    assert answer == "done"
    assert clock.now() > NOON


def test_patience_ends(patience: Patience, clock: SkippingClock) -> None:
    busy = cancelled("TransactionConflict")

    with pytest.raises(UnavailableError, match="'records' is too busy") as caught:
        patience.ask(saying(*[busy] * 8, "too late"))

    assert caught.value.__cause__ is busy
    assert 0.2 < (clock.now() - NOON).total_seconds() < 1.6


@pytest.mark.parametrize(
    "error",
    [
        refused("ConditionalCheckFailedException"),
        cancelled(None, "ConditionalCheckFailed"),
        cancelled("TransactionConflict", "ConditionalCheckFailed"),
    ],
    ids=str,
)
def test_a_failed_condition_is_told_at_once(
    patience: Patience, clock: SkippingClock, error: PynamoDBException
) -> None:
    with pytest.raises(ConditionFailedError):
        patience.ask(saying(error, "done"))

    assert clock.now() == NOON


def test_the_items_that_were_not_as_required_are_named(patience: Patience) -> None:
    error = cancelled(None, "ConditionalCheckFailed")

    with pytest.raises(ConditionFailedError) as caught:
        patience.ask(saying(error), about=["STAGE#0001#split", "RUN"])

    assert caught.value.context == {"items": ["RUN"]}


@pytest.mark.parametrize(
    "cause",
    [
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_no_answer_means_unavailable(patience: Patience, cause: Exception) -> None:
    with pytest.raises(UnavailableError, match="out of reach"):
        patience.ask(saying(UpdateError("no", cause), "done"))


@pytest.mark.parametrize("code", ["InternalServerError", "ServiceUnavailable"])
def test_trouble_at_the_other_end_means_unavailable(patience: Patience, code: str) -> None:
    with pytest.raises(UnavailableError):
        patience.ask(saying(refused(code)))


def test_a_table_that_is_not_there_is_named(patience: Patience) -> None:
    with pytest.raises(UnavailableError, match=r"'records'.*HEADRACE_TABLE"):
        patience.ask(saying(refused("ResourceNotFoundException")))


def test_the_item_at_fault_is_noted_on_a_mistake(patience: Patience) -> None:
    error = cancelled(None, "ValidationError")

    with pytest.raises(TransactWriteError) as caught:
        patience.ask(saying(error), about=["STAGE#0001#split", "RUN"])

    assert caught.value.__notes__ == ["RUN: ValidationError, too big"]


@pytest.mark.parametrize(
    "error",
    [
        refused("ValidationException"),
        cancelled("ValidationError", None),
        UpdateError("no", NoCredentialsError()),
        UpdateError("no"),
    ],
    ids=str,
)
def test_mistakes_are_raised_as_they_come(patience: Patience, error: PynamoDBException) -> None:
    with pytest.raises(PynamoDBException) as caught:
        patience.ask(saying(error, "done"))

    assert caught.value is error


def test_what_is_denied_is_told_with_the_action_and_not_asked_again(patience: Patience) -> None:
    error = refused("AccessDeniedException")

    with pytest.raises(
        DeniedError, match="is closed to this function: its role must allow "
    ) as no:
        patience.ask(saying(error, "done"))

    assert no.value.__cause__ is error
