"""API Gateway without a network: a request becomes an event, the function's answer a response."""

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from functions.local.blueprint import Route
from functions.local.event_shapes import api_event


@dataclass(frozen=True, kw_only=True)
class Response:
    """What a caller gets. *body* is read where it is JSON, and text where not."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_fine(self) -> bool:
        return self.status < HTTPStatus.BAD_REQUEST


class Gateway:
    """Finds the route of a request and asks *invoke*, which is the function behind them all."""

    def __init__(
        self, routes: Sequence[Route], invoke: Callable[[Mapping[str, Any]], Any]
    ) -> None:
        self._routes = [(route, _pattern(route.path)) for route in routes]
        self._invoke = invoke

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request; *body* goes out as JSON, unless it is text already."""
        parts = urlsplit(path)
        found = self._route(method, parts.path)
        if found is None:
            return Response(status=HTTPStatus.NOT_FOUND, body={"message": "Not Found"})
        route, parameters = found
        event = api_event(
            f"{route.method} {route.path}",
            parts.path,
            body=body if body is None or isinstance(body, str) else json.dumps(body),
            headers=headers,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            parameters=parameters,
        )
        try:
            return _response(self._invoke(event))
        except Exception:  # noqa: BLE001 - the invocation has logged it; the caller hears no more
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            return Response(status=status, body={"message": "Internal Server Error"})

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for route, pattern in self._routes:
            matched = pattern.fullmatch(path)
            if matched and route.method == method:
                return route, {k: unquote(v) for k, v in matched.groupdict().items()}
        return None


def _pattern(path: str) -> re.Pattern[str]:
    """Return what matches the paths of a route, with a group for each parameter in it."""
    parts = re.split(r"(\{\w+\+?\})", path)
    return re.compile("".join(_matcher(part) for part in parts))


def _matcher(part: str) -> str:
    name = part.strip("{}")
    if name == part:
        return re.escape(part)
    return f"(?P<{name[:-1]}>.+)" if name.endswith("+") else f"(?P<{name}>[^/]+)"


def _response(answer: Any) -> Response:
    """Read *answer*: without a status it is the body itself, as payload format 2.0 has it."""
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Response(status=HTTPStatus.OK, body=answer)
    headers = dict(answer.get("headers") or {})
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        headers[name] = ",".join(values)
    headers = {name.lower(): str(value) for name, value in headers.items()}
    text = answer.get("body") or ""
    if answer.get("isBase64Encoded"):
        text = base64.b64decode(text).decode()
    is_json = "json" in headers.get("content-type", "")
    body = json.loads(text) if is_json and text else text
    return Response(status=int(answer["statusCode"]), body=body, headers=headers)
