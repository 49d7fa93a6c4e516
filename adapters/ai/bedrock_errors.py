"""Bedrock's errors, sorted by what the caller should do."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.exceptions import ConnectionError as ConnectionFailedError
from urllib3.exceptions import HTTPError
from urllib3.exceptions import ReadTimeoutError as StreamTimeoutError

from adapters.aws.errors import code_of, is_busy
from kernel.errors import (
    EngineError,
    ModelBusyError,
    ModelDeniedError,
    ModelRejectedError,
    ModelTimeoutError,
    UnknownModelError,
)

_BUSY: Final = {
    *("InternalServerException", "ModelErrorException", "ModelNotReadyException"),
    *("ModelStreamErrorException", "ServiceUnavailableException"),
    # As a stream spells them.
    *("internalServerException", "modelStreamErrorException", "serviceUnavailableException"),
    "throttlingException",
}
_DENIED: Final = {
    *("AccessDeniedException", "ExpiredToken", "ExpiredTokenException"),
    *("IncompleteSignature", "InvalidClientTokenId", "InvalidSignatureException"),
    *("MissingAuthenticationToken", "NotAuthorized", "SignatureDoesNotMatch"),
    *("UnrecognizedClientException",),
}
# A model that does not exist is told apart from a bad request by words alone.
_NO_SUCH_MODEL: Final = "model identifier is invalid"


@contextmanager
def translated(model: str) -> Iterator[None]:
    """Speak the kernel's errors of *model*, keeping the original as the cause."""
    try:
        yield
    except (ReadTimeoutError, StreamTimeoutError) as error:
        message = f"The model {model!r} did not answer in its time."
        raise ModelTimeoutError(message, model=model) from error
    except (ConnectTimeoutError, ConnectionFailedError, HTTPClientError, HTTPError) as error:
        raise ModelBusyError(f"Bedrock, with {model!r}, is out of reach.", model=model) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        message = f"There are no AWS credentials to ask the model {model!r} with."
        raise ModelDeniedError(message, model=model) from error
    except ParamValidationError as error:
        message = f"The request to {model!r} is not as Bedrock wants it: {error}"
        raise ModelRejectedError(message, model=model) from error
    except ClientError as error:
        raise refusal(error, model) from error
    except BotoCoreError as error:
        message = f"Bedrock's answer for {model!r} cannot be read: {error}"
        raise ModelBusyError(message, model=model) from error


def refusal(error: ClientError, model: str) -> EngineError:
    """Return what AWS's *error* is to whoever asked *model*."""
    code, said = code_of(error), error.response.get("Error", {}).get("Message", "")
    facts = {"model": model, "aws": code}
    if code == "ModelTimeoutException":
        return ModelTimeoutError(f"The model {model!r} did not answer in its time.", **facts)
    if code in _BUSY or is_busy(code) or _status(error) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ModelBusyError(f"The model {model!r} is busy: {said}", **facts, **_pause(error))
    if code in _DENIED or "AccessDenied" in code:
        return ModelDeniedError(f"The model {model!r} is closed to us: {said}", **facts)
    if code == "ResourceNotFoundException" or _NO_SUCH_MODEL in said:
        return UnknownModelError(f"Bedrock has no model {model!r} here: {said}", **facts)
    return ModelRejectedError(f"Bedrock will not give this to {model!r}: {said}", **facts)


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _pause(error: ClientError) -> dict[str, float]:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    said = headers.get("retry-after", "")
    return {"retry_after": float(said)} if said.isdecimal() else {}
