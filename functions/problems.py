"""Errors as RFC 9457 problem details: what is wrong, for programs and people, and what to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from functions.bodies import MalformedError, TooLargeError
from kernel.errors import (
    ConflictError,
    DefinitionChangedError,
    EngineError,
    GoneError,
    IdempotencyConflictError,
    IllegalTransitionError,
    NotFoundError,
    RejectedError,
    TooEarlyError,
    UnavailableError,
)

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 5

# What is told of a large body that is wrong throughout must not be larger still.
MOST_PROBLEMS: Final = 50
LONGEST_TEXT: Final = 1_000

# The facts of an error that are the caller's business.
_TOLD: Final = ("problems", "run_id", "workflow_id", "stage_id")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One sort of error: its status, and what whoever meets it should do."""

    status: HTTPStatus
    advice: str
    headers: Mapping[str, str] = field(default_factory=dict)


# The first that an error is an instance of counts.
_KINDS: Final[Mapping[type[EngineError], Kind]] = {
    MalformedError: Kind(
        status=HTTPStatus.BAD_REQUEST, advice="Send one JSON object, encoded as UTF-8."
    ),
    TooLargeError: Kind(
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        advice="Put what is large where the workflow can fetch it, and send where that is.",
    ),
    DefinitionChangedError: Kind(
        status=HTTPStatus.CONFLICT,
        advice=(
            "Send the same request again after the seconds in Retry-After: another version of the"
            " workflows may be on its way. If this goes on, look at the run."
        ),
        headers={"Retry-After": str(RETRY_AFTER)},
    ),
    NotFoundError: Kind(
        status=HTTPStatus.NOT_FOUND,
        advice="Check the id. GET /workflows lists the workflows; a run's id came with its start.",
    ),
    IdempotencyConflictError: Kind(
        status=HTTPStatus.CONFLICT,
        advice="Use a new Idempotency-Key for a new request; an old one only to repeat it.",
    ),
    IllegalTransitionError: Kind(
        status=HTTPStatus.CONFLICT, advice="Look at the run: it is not as you thought."
    ),
    GoneError: Kind(
        status=HTTPStatus.GONE, advice="Nothing waits for this any more; look at the run."
    ),
    RejectedError: Kind(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        advice="Mend what the problems name, and send the request again.",
    ),
    TooEarlyError: Kind(
        status=HTTPStatus.CONFLICT,
        advice="Send the same request again after the seconds in Retry-After.",
        headers={"Retry-After": str(RETRY_AFTER)},
    ),
    ConflictError: Kind(status=HTTPStatus.CONFLICT, advice="Send the request again."),
    UnavailableError: Kind(
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        advice=(
            "Send the same request again after the seconds in Retry-After; with the same"
            " Idempotency-Key, if it starts a run."
        ),
        headers={"Retry-After": str(RETRY_AFTER)},
    ),
}
_ROUTES: Final = (
    "GET /workflows, POST /runs, GET /runs/{run_id}, POST /runs/{run_id}/cancel,"
    " POST /runs/{run_id}/rerun, POST /callbacks/{token}"
)


def refusal(error: EngineError) -> Response[str]:
    """Return what the caller gets to see of *error*."""
    kind = next(kind for of, kind in _KINDS.items() if isinstance(error, of))
    told: dict[str, Any] = {
        name: cut(error.context[name]) for name in _TOLD if name in error.context
    }
    if "retry_after" in error.context:
        kind = replace(kind, headers={"Retry-After": str(error.context["retry_after"])})
    return _reply(kind, error.code, cut(error.message), told)


def cut(fact: Any) -> Any:
    """Return as much of a text, or of a list of them, as somebody may read."""
    match fact:
        case str() if len(fact) > LONGEST_TEXT:
            return f"{fact[: LONGEST_TEXT - 1]}…"
        case list() if len(fact) > MOST_PROBLEMS:
            more = len(fact) - MOST_PROBLEMS
            return [*map(cut, fact[:MOST_PROBLEMS]), f"and {more:,} more"]
        case list():
            return [*map(cut, fact)]
    return fact


def no_route(method: str, path: str) -> Response[str]:
    kind = Kind(status=HTTPStatus.NOT_FOUND, advice=f"There are: {_ROUTES}.")
    return _reply(kind, "NO_ROUTE", f"There is no {method} {path}.", {})


def breakdown(request_id: str) -> Response[str]:
    """Return what the caller gets to see of a bug: nothing but where to look it up."""
    kind = Kind(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        advice="Ask whoever runs this, who finds the request's id in the log.",
    )
    facts = {"request_id": request_id}
    return _reply(kind, "INTERNAL_ERROR", "Something went wrong on this side.", facts)


def _reply(kind: Kind, code: str, detail: str, facts: Mapping[str, Any]) -> Response[str]:
    problem = {
        "type": "about:blank",
        "title": kind.status.phrase,
        "status": kind.status.value,
        "code": code,
        "detail": detail,
        "advice": kind.advice,
        **facts,
    }
    return Response(
        status_code=kind.status.value,
        content_type=CONTENT_TYPE,
        body=json.dumps(problem),
        headers={**kind.headers},
    )
