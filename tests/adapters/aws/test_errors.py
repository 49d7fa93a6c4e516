"""Which errors mean: it did not answer."""

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from adapters.aws.errors import DeniedError, translated
from kernel.errors import UnavailableError

URL = "https://example.org"


def a_client_error(code: str, status: int = 400, *, of: str = "Do") -> ClientError:
    metadata = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, of)  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "error",
    [
        EndpointConnectionError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_connection_is_no_answer(error: Exception) -> None:
    with (
        pytest.raises(UnavailableError, match=r"^The shelf is out of reach\.$") as unavailable,
        translated("The shelf", variable="ATLAS"),
    ):
        raise error

    assert unavailable.value.__cause__ is error


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SlowDown", 503),
        ("ThrottlingException", 400),
        ("Throttling", 400),
        ("RequestThrottled", 403),
        ("KmsThrottled", 400),
        ("OverLimit", 403),
        ("ServiceQuotaExceededException", 402),
        ("Whatever", 429),
        ("Whatever", 500),
        ("", 502),
    ],
)
def test_a_busy_service_is_no_answer(code: str, status: int) -> None:
    with (
        pytest.raises(UnavailableError, match=r"^The shelf is too busy to answer\.$"),
        translated("The shelf", variable="ATLAS"),
    ):
        raise a_client_error(code, status)


@pytest.mark.parametrize(
    "code",
    [
        "NoSuchBucket",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
    ],
)
def test_what_is_not_there_says_which_setting_to_check(code: str) -> None:
    with (
        pytest.raises(UnavailableError, match=r"^The shelf does not exist; check ATLAS\.$"),
        translated("The shelf", variable="ATLAS"),
    ):
        raise a_client_error(code, 404)


@pytest.mark.parametrize(
    "error",
    [a_client_error("ValidationException"), KeyError("x")],
    ids=["invalid", "ours"],
)
def test_a_mistake_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as mistake, translated("The shelf", variable="X"):
        raise error

    assert mistake.value is error


def test_missing_credentials_are_a_mistake() -> None:
    with pytest.raises(NoCredentialsError), translated("The shelf", variable="X"):
        raise NoCredentialsError


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (
            "You are not authorized to perform: atlas:Lift on resource: arn:aws:atlas:::shelf",
            "atlas:Lift on arn:aws:atlas:::shelf",
        ),
        ("You are not authorized to perform: iam:PassRole", "iam:PassRole"),
        ("Access Denied", "Do"),
        ("", "Do"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "403"])
def test_what_is_denied_is_named_by_the_action_that_the_role_lacks(
    code: str, message: str, wanted: str
) -> None:
    error = a_client_error(code, 403)
    error.response["Error"]["Message"] = message

    with pytest.raises(DeniedError) as caught, translated("The shelf", variable="X"):
        raise error

    assert (
        str(caught.value) == f"The shelf is closed to this function: its role must allow {wanted}."
    )
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("HeadObject", "s3:GetObject and s3:ListBucket"),
        ("GetObject", "s3:GetObject and s3:ListBucket"),
        ("ListObjectsV2", "s3:ListBucket"),
        ("DeleteObjects", "s3:DeleteObject"),
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "403"])
def test_where_s3_names_no_action_those_of_the_operation_are_named(
    code: str, operation: str, wanted: str
) -> None:
    error = a_client_error(code, 403, of=operation)

    with (
        pytest.raises(DeniedError, match=rf"its role must allow {wanted}\.$"),
        translated("The shelf", variable="X"),
    ):
        raise error
