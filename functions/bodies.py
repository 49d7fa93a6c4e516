"""What clients may send: checked here, so that the commands get what their types promise."""

import base64
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Self, TypeAlias, TypeVar

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from kernel.errors import InvalidInputError, RejectedError
from kernel.model import moment
from kernel.model.money import MOST
from kernel.model.run import DEFAULT_PRIORITY
from kernel.queries.list_calls import MOST as MOST_CALLS

ModelT = TypeVar("ModelT", bound=BaseModel)

# Lambda itself takes six megabytes, with everything that comes around the body.
LARGEST: Final = 5_000_000
LONGEST_KEY: Final = 255


class MalformedError(RejectedError):
    """The body is not a JSON object."""

    code = "MALFORMED"


class TooLargeError(RejectedError):
    """The body is too large."""

    code = "TOO_LARGE"


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("give a moment as text, such as 2026-11-22T15:00:00Z")  # noqa: TRY004
    return moment.from_text(value)


_Id = Annotated[str, Field(min_length=1, max_length=128)]


_Budget: TypeAlias = Annotated[Decimal, Field(gt=0, le=MOST, decimal_places=9)]


class NewRun(BaseModel):
    """The body of `POST /runs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    workflow_id: _Id
    input: Any = None
    config: dict[str, Any] = Field(default_factory=dict)
    priority: int = Field(default=DEFAULT_PRIORITY, strict=True)
    tenant: _Id | None = None
    start_at: Annotated[datetime, BeforeValidator(_moment)] | None = None
    annotations: dict[_Id, Any] = Field(default_factory=dict)
    budget: _Budget | None = None


class Cancelling(BaseModel):
    """The body of `POST /runs/{run_id}/cancel`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: str = Field(default="", max_length=1_000)


class Raising(BaseModel):
    """The body of `POST /runs/{run_id}/budget`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget: _Budget


class Rerunning(BaseModel):
    """The body of `POST /runs/{run_id}/rerun`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage_id: _Id


class Failing(BaseModel):
    """Why a stage that waits for a call is to fail."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str = Field(default="STAGE_FAILED", pattern=r"^[0-9A-Za-z_.:-]{1,100}$")
    message: str = Field(min_length=1)


class Resuming(BaseModel):
    """The body of `POST /callbacks/{token}`: an output, which may be null, or an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    output: Any = None
    error: Failing | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if ("output" in self.model_fields_set) == (self.error is not None):
            raise ValueError("give an `output` or an `error`, and only one of them")
        return self


class WhichCalls(BaseModel):
    """What `GET /runs/{run_id}/calls` may be asked with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stage: _Id | None = None
    limit: int = MOST_CALLS


class WhichCosts(BaseModel):
    """What `GET /costs` is asked with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str = Field(min_length=1)
    months: int = 1


def ask(model: type[ModelT], event: APIGatewayProxyEventV2) -> ModelT:
    """Return what the query of *event* asks for.

    Raises:
        InvalidInputError: It does not fit; `context["problems"]` lists why.
    """
    return _fitting(model, event.query_string_parameters or {}, "query")


def read(model: type[ModelT], event: APIGatewayProxyEventV2, *, optional: bool = False) -> ModelT:
    """Return the body of *event*; where it is *optional*, none is an empty object.

    Raises:
        MalformedError: It is not a JSON object.
        TooLargeError: It is over five megabytes.
        InvalidInputError: It does not fit; `context["problems"]` lists why.
    """
    content = _content(event)
    fields = {} if optional and not content.strip() else _object(content)
    return _fitting(model, fields, "body")


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """Return what the caller calls this request, if it does.

    Raises:
        InvalidInputError: It is empty, too long, or not plain ASCII.
    """
    key = headers.get("idempotency-key")
    if key is None or (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        return key
    problem = f"the Idempotency-Key header must be 1 to {LONGEST_KEY} printable ASCII characters"
    raise InvalidInputError(
        f"The request cannot be told from others: {problem}.", problems=[problem]
    )


def _fitting(model: type[ModelT], fields: Mapping[str, Any], what: str) -> ModelT:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
    problems = [
        ": ".join(filter(None, (".".join(map(str, one["loc"])), _words(one["msg"]))))
        for one in found
    ]
    message = f"The {what} does not fit: {'; '.join(problems)}."
    raise InvalidInputError(message, problems=problems)


def _content(event: APIGatewayProxyEventV2) -> bytes:
    body = event.body or ""
    try:
        content = (
            base64.b64decode(body, validate=True) if event.is_base64_encoded else body.encode()
        )
    except ValueError as error:
        raise MalformedError(f"The body cannot be read: {error}.") from error
    if len(content) > LARGEST:
        raise TooLargeError(
            f"The body has {len(content):,} bytes; at most {LARGEST:,} may be sent."
        )
    return content


def _words(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def _object(content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise MalformedError("There is no body; send a JSON object.")
    try:
        value = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise MalformedError(f"The body is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise MalformedError(f"The body is {type(value).__name__}; send a JSON object.")
    return value
