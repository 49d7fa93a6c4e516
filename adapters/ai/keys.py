"""Where providers' keys lie, and how they are read: when they are needed, and never shown."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from adapters.aws.errors import code_of, is_passing
from kernel.errors import ModelBusyError, ModelDeniedError

if TYPE_CHECKING:
    # Loaded by who reads a key from there.
    from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider
    from boto3.session import Session

SECRETS: Final = "secretsmanager"
PARAMETERS: Final = "ssm"
# So long does a key that was changed go on to be the old one.
_KEPT: Final = int(timedelta(minutes=5).total_seconds())


class ModelKeys:
    """Keys by provider.

    Args:
        places: `secretsmanager:<name or ARN>` or `ssm:<name>`, by provider. Whoever is not
            among them takes its key from the environment, as its own library does.
    """

    def __init__(self, places: Mapping[str, str], *, session: "Session") -> None:
        self._places = dict(places)
        self._session = session

    def of(self, provider: str) -> str | None:
        """Return the key of *provider*; None where none was laid down for it.

        Raises:
            ModelDeniedError: It cannot be read.
            ModelBusyError: Not just now, for no fault of its place.
        """
        if provider not in self._places:
            return None
        # What is wrong with a key may hold it; nothing of that goes on.
        place = self._places[provider]
        try:
            key = self._read(place)
        except Exception as error:  # noqa: BLE001 - Powertools wraps them in errors of its own
            message = f"The key of {provider!r} cannot be read from {place!r}: {_reason(error)}."
            refused = ModelBusyError if is_passing(_cause(error)) else ModelDeniedError
            raise refused(message, provider=provider, place=place) from None
        if not key:
            message = f"There is no key of {provider!r} in {place!r}."
            raise ModelDeniedError(message, provider=provider, place=place)
        return key

    def _read(self, place: str) -> str:
        kind, _, name = place.partition(":")
        if kind == SECRETS:
            found = self._secrets.get(name, max_age=_KEPT)
        else:
            found = self._parameters.get(name, max_age=_KEPT, decrypt=True)
        return found.strip() if isinstance(found, str) else ""

    @cached_property
    def _secrets(self) -> "SecretsProvider":
        from aws_lambda_powertools.utilities.parameters import SecretsProvider  # noqa: PLC0415

        return SecretsProvider(boto3_session=self._session)

    @cached_property
    def _parameters(self) -> "SSMProvider":
        from aws_lambda_powertools.utilities.parameters import SSMProvider  # noqa: PLC0415

        return SSMProvider(boto3_session=self._session)


def _reason(error: Exception) -> str:
    """Return AWS's own word for it where there is one, which names no secret."""
    cause = _cause(error)
    return code_of(cause) if isinstance(cause, ClientError) else type(cause).__name__


def _cause(error: Exception) -> BaseException:
    """Return what Powertools has wrapped."""
    return error.__cause__ or error.__context__ or error
