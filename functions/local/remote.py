"""The API of a deployed stack, asked with the AWS credentials that are at hand."""

import json
import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError, ConnectTimeoutError, EndpointConnectionError
from botocore.httpsession import URLLib3Session
from botocore.session import Session
from botocore.utils import get_environ_proxies

from functions.local.aws_words import on_one_line, unusable, without_credentials
from functions.local.refusal import BAD_INPUT, FAILED, RefusalError

_SERVICE: Final = "execute-api"
# In seconds; API Gateway itself gives up after 30.
_TIMEOUT: Final = 35
_ASK_AGAIN: Final = "Ask again in a moment."
_NEVER_SENT: Final = (EndpointConnectionError, ConnectTimeoutError)
_WHERE: Final = (
    "Give the ApiUrl that `sam deploy` printed with --url, or set HEADRACE_API_URL to it."
)


class RemoteApi:
    """Sends signed requests to the API at *url*.

    Raises:
        RefusalError: There is no such URL, or nobody to ask as.
    """

    def __init__(self, url: str | None) -> None:
        self._url = _checked(url)
        self._session = Session()
        self.region = _region(self._url, self._session)
        self._credentials = _credentials(self._session)

    def post(
        self, path: str, body: object, *, key: str, promised: Collection[str]
    ) -> dict[str, Any]:
        """Return the answer to a request; the same *key* again means the same request.

        Args:
            promised: What such an answer has; one without it comes from somebody else.

        Raises:
            RefusalError: It was refused, or there was no answer.
        """
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        response = self._sent("POST", path, json.dumps(body).encode(), headers, _keyed(key))
        return self._kept(response, promised, _keyed(key))

    def get(self, path: str, *, promised: Collection[str]) -> dict[str, Any]:
        """Return what the API shows; asking changes nothing.

        Raises:
            RefusalError: It was refused, or there was no answer.
        """
        response = self._sent("GET", path, b"", {}, _ASK_AGAIN)
        return self._kept(response, promised, _ASK_AGAIN)

    def _kept(
        self, response: AWSResponse, promised: Collection[str], again: str
    ) -> dict[str, Any]:
        """Return the answer, if it is one, and one of ours."""
        answer = _read(response)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise _refused(response.status_code, answer, self._url, again)
        done = response.status_code < HTTPStatus.MULTIPLE_CHOICES
        if not done or answer is None or not answer.keys() >= set(promised):
            raise RefusalError(f"What answers at {self._url} is no Headrace API.", hint=_WHERE)
        return answer

    def _sent(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], again: str
    ) -> AWSResponse:
        url = f"{self._url}{path}"
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
        try:
            SigV4Auth(self._credentials, _SERVICE, self.region).add_auth(request)
            http = URLLib3Session(timeout=_TIMEOUT, proxies=get_environ_proxies(url))
            return http.send(request.prepare())
        except _NEVER_SENT as error:
            sentence = f"Nobody answers at {self._url}."
            hint = "Check the URL and the network; nothing was asked yet."
            raise RefusalError(sentence, hint=hint, code=FAILED) from error
        except BotoCoreError as error:
            sentence = f"There was no answer from {self._url}: {on_one_line(error)}."
            done = "" if method == "GET" else "It may have been done. "
            raise RefusalError(sentence, hint=f"{done}{again}", code=FAILED) from error


def _checked(url: str | None) -> str:
    if not url:
        raise RefusalError("There is no URL of an API to ask.", hint=_WHERE)
    try:
        parts = urlsplit(url)
        # A port that is none raises; what follows a `?` or a `#` would swallow the path.
        has_host = bool(parts.hostname) and parts.port != 0
        is_plain = url.isprintable() and not set(url) & set(" ?#")
        is_url = parts.scheme in {"http", "https"} and has_host and is_plain
    except ValueError:
        is_url = False
    if not is_url:
        raise RefusalError(f"{url!r} is no URL of an API.", hint=_WHERE)
    return url.rstrip("/")


def _region(url: str, session: Session) -> str:
    """Return where the API is: its name says so, unless it has one of its owner's."""
    named = re.search(r"\.execute-api\.([a-z0-9-]+)\.", url)
    try:
        region = named[1] if named else session.get_config_variable("region")
    except BotoCoreError as error:
        raise unusable(error) from error
    if not region:
        hint = "Set AWS_REGION to the region that the stack is deployed in."
        raise RefusalError(f"'{url}' does not say in which region it is.", hint=hint)
    return str(region)


def _credentials(session: Session) -> Credentials:
    try:
        found = session.get_credentials()
        if found is not None:
            # What expires is renewed now, where that can still be told from a refusal.
            found.get_frozen_credentials()
    except BotoCoreError as error:
        raise unusable(error) from error
    if found is None:
        raise without_credentials()
    return found


def _read(response: AWSResponse) -> dict[str, Any] | None:
    try:
        answer = json.loads(response.content)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _refused(status: int, answer: dict[str, Any] | None, url: str, again: str) -> RefusalError:
    """Return the problem in the API's own words, or what the gateway before it means."""
    told = answer or {}
    trouble = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    code = FAILED if trouble else BAD_INPUT
    if "detail" in told:
        hint = again if trouble else str(told.get("advice", ""))
        logged = f" In its log this is {told['request_id']}." if "request_id" in told else ""
        return RefusalError(f"{told['detail']}{logged}", hint=hint, code=code)
    message = told.get("message") or told.get("Message") or _phrase(status)
    sentence = f"The API at {url} answers {status}: {str(message).rstrip('.')}."
    hint = _MAY_NOT if status == HTTPStatus.FORBIDDEN else _WHERE
    return RefusalError(sentence, hint=again if trouble else hint, code=code)


_MAY_NOT: Final = "Your credentials need execute-api:Invoke on this API."


def _keyed(key: str) -> str:
    return f"Send it again in a moment with --key {key}: it is done once."


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "it does not say why"
