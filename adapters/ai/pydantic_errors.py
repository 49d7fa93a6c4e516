"""pydantic-ai's errors, sorted by what the caller should do."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from pydantic_ai import exceptions as theirs

from kernel.errors import (
    EngineError,
    ModelBusyError,
    ModelDeniedError,
    ModelRejectedError,
    ModelTimeoutError,
    UnknownModelError,
)


@contextmanager
def translated(model: str) -> Iterator[None]:
    """Speak the kernel's errors of *model*."""
    try:
        yield
    except (TimeoutError, theirs.ModelTimeoutError) as error:
        message = f"The model {model!r} did not answer in its time."
        raise ModelTimeoutError(message, model=model) from error
    except theirs.ModelAPIError as error:
        raise refusal(error, model) from _cause(error)
    except theirs.UserError as error:
        raise ModelRejectedError(
            f"{model!r} is not asked like that: {error}", model=model
        ) from error
    except theirs.UnexpectedModelBehavior as error:
        message = f"The answer of {model!r} cannot be read: {error}"
        raise ModelBusyError(message, model=model) from error


def refusal(error: theirs.ModelAPIError, model: str) -> EngineError:
    """Return what a provider's *error* is to whoever asked *model*."""
    facts = {"model": model, **({"status": _status(error)} if _status(error) else {})}
    match error:
        case theirs.ModelNotFoundError():
            return UnknownModelError(f"The provider has no model {model!r}: {error}", **facts)
        case theirs.ModelAuthenticationError():
            # What the provider says of a key may show parts of it.
            return ModelDeniedError(f"The key for {model!r} is missing or wrong.", **facts)
        case theirs.ModelQuotaExceededError():
            return ModelDeniedError(f"The account's quota for {model!r} is used up.", **facts)
        case theirs.ModelContextWindowExceededError() | theirs.ModelRequestRejectedError():
            return ModelRejectedError(f"{model!r} will not take this: {error}", **facts)
    return _by_status(error, model, facts)


def _by_status(error: theirs.ModelAPIError, model: str, facts: dict[str, object]) -> EngineError:
    status = _status(error)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ModelDeniedError(f"The key for {model!r} does not allow it.", **facts)
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.GATEWAY_TIMEOUT}:
        return ModelTimeoutError(f"The model {model!r} did not answer in its time.", **facts)
    later = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.CONFLICT}
    if status and status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in later:
        return ModelRejectedError(f"{model!r} will not take this: {error}", **facts)
    pause = {"retry_after": error.retry_after} if error.retry_after is not None else {}
    return ModelBusyError(f"The model {model!r} is busy or out of reach.", **facts, **pause)


def _status(error: theirs.ModelAPIError) -> int:
    return getattr(error, "status_code", 0)


def _cause(error: theirs.ModelAPIError) -> Exception | None:
    """Leave out what may show a key."""
    return None if _status(error) in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} else error
