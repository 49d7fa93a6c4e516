"""What AWS and its client say when they do not do as they were asked, as a refusal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.exceptions import ConnectionError as ConnectionFailedError

from adapters.aws.errors import code_of, is_busy
from functions.local.refusal import FAILED, RefusalError

_DENIED: Final = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_STRANGERS: Final = {
    *("AuthFailure", "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"),
    *("SignatureDoesNotMatch", "InvalidSignatureException", "UnrecognizedClientException"),
}
_LOG_IN: Final = "Check AWS_PROFILE, and log in again."


@contextmanager
def spoken_plainly(action: str, *, needs: str = "") -> Iterator[None]:
    """Refuse in one sentence where AWS refuses to do *action*, such as `sqs:SendMessage`.

    Args:
        needs: What to hint at when *action* is denied.

    Raises:
        RefusalError: Nobody can be asked, or nobody answers, or the answer is no.
    """
    try:
        yield
    except (NoRegionError, InvalidRegionError) as error:
        hint = "Set AWS_REGION to the region that the stack is deployed in."
        sentence = f"There is no AWS region to ask in: {on_one_line(error)}."
        raise RefusalError(sentence, hint=hint) from error
    except NoCredentialsError as error:
        raise without_credentials() from error
    except (ConnectionFailedError, HTTPClientError) as error:
        sentence = f"AWS did not answer {action}: {on_one_line(error)}."
        hint = "Check the network and AWS_REGION, and try again."
        raise RefusalError(sentence, hint=hint, code=FAILED) from error
    except BotoCoreError as error:
        raise unusable(error) from error
    except ClientError as error:
        raise _answered(error, action, needs) from error


def without_credentials() -> RefusalError:
    hint = "Set AWS_PROFILE, or log in with `aws sso login` or `aws configure`."
    return RefusalError("There are no AWS credentials to sign the request with.", hint=hint)


def unusable(error: BotoCoreError) -> RefusalError:
    sentence = f"The AWS credentials cannot be used: {on_one_line(error)}."
    return RefusalError(sentence, hint=_LOG_IN)


def on_one_line(error: Exception) -> str:
    """Return the reason on one line."""
    return " ".join(str(error).split()).rstrip(".")


def _answered(error: ClientError, action: str, needs: str) -> RefusalError:
    code = code_of(error)
    reason = " ".join(error.response.get("Error", {}).get("Message", "").split()).rstrip(".")
    if code in _DENIED:
        hint = needs or f"Your credentials need {action}."
        return RefusalError(f"You may not do {action}: {reason or code}.", hint=hint)
    if code in _STRANGERS:
        return RefusalError(f"AWS does not take these credentials: {code}.", hint=_LOG_IN)
    if is_busy(code):
        sentence = f"AWS is too busy for {action}: {code}."
        return RefusalError(sentence, hint="Try again in a moment.", code=FAILED)
    sentence = f"AWS refuses {action}: {reason or 'it does not say why'} ({code})."
    return RefusalError(sentence, hint="Try again with --verbose to see where.", code=FAILED)
