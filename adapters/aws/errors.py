"""Which of boto3's errors are the kernel's `UnavailableError`; the same for every adapter."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as ConnectionFailedError

from kernel.errors import UnavailableError

# Not all throttling comes as 429, and not all of AWS's own trouble as 5xx.
_BUSY: Final = {
    *("BandwidthLimitExceeded", "InternalError", "InternalException", "InternalFailure"),
    *("LimitExceededException", "OperationAborted", "OverLimit", "PriorRequestNotComplete"),
    *("RequestLimitExceeded", "RequestTimeout", "RequestTimeoutException"),
    *("ServiceQuotaExceededException", "ServiceUnavailable", "SlowDown"),
    *("TooManyRequestsException",),
}
_MISSING: Final = {
    *("InvalidAddress", "NoSuchBucket", "NonExistentQueue", "QueueDoesNotExist"),
    *("ResourceNotFoundException",),
}
_DENIED: Final = "AccessDenied"
_OUT_OF_REACH: Final = (ConnectionFailedError, HTTPClientError, IncompleteReadError)
# A HEAD has no body to name the error in; it says the status alone.
_DENIED_HEAD: Final = "403"
# What S3's operations need, which are not called like its actions. To say of a blob that it is
# not there takes the second one.
_ACTIONS: Final = {
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "GetObject": "s3:GetObject and s3:ListBucket",
    "HeadObject": "s3:GetObject and s3:ListBucket",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
}


class DeniedError(Exception):
    """The function's role lacks a permission, or something forbids it."""


@contextmanager
def translated(thing: str, *, variable: str) -> Iterator[None]:
    """Speak the kernel's errors, keeping the original as the cause.

    Args:
        thing: What is asked, as it begins a sentence.
        variable: The setting to look at when *thing* does not exist.

    Raises:
        UnavailableError: It did not answer, is too busy, or is not there.
        DeniedError: It may not be asked. This, like anything else, is a mistake that trying
            again would only hide.
    """
    try:
        yield
    except _OUT_OF_REACH as error:
        raise UnavailableError(f"{thing} is out of reach.") from error
    except ClientError as error:
        code = code_of(error)
        if code in _MISSING:
            raise UnavailableError(
                f"{thing} does not exist; check {variable}.", aws=code, variable=variable
            ) from error
        if is_passing(error):
            raise UnavailableError(f"{thing} is too busy to answer.", aws=code) from error
        if is_denied(code):
            raise denied(thing, error) from error
        raise


def code_of(error: ClientError) -> str:
    """Return what AWS calls it; SQS puts the names of its old protocol's families before it."""
    return error.response.get("Error", {}).get("Code", "").rpartition(".")[2]


def is_denied(code: str) -> bool:
    """Return whether *code* means: not you."""
    return _DENIED in code or code == _DENIED_HEAD


def denied(thing: str, error: ClientError) -> DeniedError:
    """Return what to do about *error*, by the action that AWS's own message names, if it does.

    A HEAD names none, and S3 not always one: then by those that the operation needs.
    """
    message = error.response.get("Error", {}).get("Message", "")
    named = re.search(r"perform: (?P<action>\S+)(?: on resource: (?P<resource>\S+))?", message)
    operation = error.operation_name
    action = named["action"] if named else _ACTIONS.get(operation, operation)
    on = f" on {named['resource']}" if named and named["resource"] else ""
    return DeniedError(f"{thing} is closed to this function: its role must allow {action}{on}.")


def is_passing(error: BaseException) -> bool:
    """Return whether AWS is out of reach, busy or in trouble: asked again, it may answer."""
    if isinstance(error, ClientError):
        return is_busy(code_of(error)) or _says_later(error)
    return isinstance(error, _OUT_OF_REACH)


def is_busy(code: str) -> bool:
    """Return whether *code* means: try again later."""
    return code in _BUSY or "throttl" in code.lower()


def _says_later(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
