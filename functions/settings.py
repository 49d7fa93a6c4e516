"""The environment, read once and checked; nobody else here looks at `os.environ`."""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from kernel.authoring.naming import QUEUE_RULE, is_queue_name
from kernel.model.policy import DEFAULT_PUBLISHED

LAMBDA: Final = "AWS_LAMBDA_RUNTIME_API"
_LEVEL: Final = "POWERTOOLS_LOG_LEVEL"
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
WORKFLOWS: Final = "functions.workflows"
_BELLS: Final = "bells"
_SECRETIVE: Final = {"HEADRACE_MODEL_KEYS"}


class SettingsError(Exception):
    """The environment is not what `template.yaml` makes of it."""


def _variable(name: str) -> str:
    return f"HEADRACE_{name.upper()}"


def _listed(value: Any) -> Any:
    """Take a comma list apart; nothing between two commas is nothing."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _seconds(value: Any) -> Any:
    """Take text as a number of seconds."""
    try:
        return timedelta(seconds=float(value)) if isinstance(value, str) else value
    except (ValueError, OverflowError) as error:
        raise ValueError("input should be a number of seconds") from error


def _queue_name(text: str) -> str:
    if not is_queue_name(text):
        raise ValueError(QUEUE_RULE)
    return text


def _places(value: Any) -> Any:
    """Take `openai=secretsmanager:name, anthropic=ssm:name` apart."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in _listed(value)]
    return {provider.strip(): place.strip() for provider, _, place in pairs}


def _lines(value: Any) -> Any:
    """Take text apart by its lines; empty ones are nothing."""
    if not isinstance(value, str):
        return value
    return tuple(line for line in value.splitlines() if line.strip())


def _expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"input should be a regular expression: {error}") from error
    return text


_Name = Annotated[str, StringConstraints(pattern=r"^\S+$")]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
_Arn = Annotated[str, StringConstraints(pattern=r"^arn:\S+$")]
_Events = Annotated[str, StringConstraints(pattern=r"^([a-z_]+:[a-z_]+|[a-z_:]*\*)$")]
_Address = Annotated[str, StringConstraints(pattern=r"^[^\s:]*:\d{1,5}$")]
_Span = Annotated[timedelta, BeforeValidator(_seconds)]
_Queue = Annotated[str, AfterValidator(_queue_name)]
_Place = Annotated[str, StringConstraints(pattern=r"^(secretsmanager|ssm):\S+$")]
_Expression = Annotated[str, AfterValidator(_expression)]
_Package = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]


class Settings(BaseModel):
    """What `template.yaml` tells the functions, by the names of the variables."""

    model_config = ConfigDict(alias_generator=_variable, frozen=True, validate_by_name=True)

    region: _Name = Field(validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    table: _Name
    bucket: _Name
    queue_url: _Url
    queue_arn: _Arn
    urgent_queue_url: _Url
    urgent_queue_arn: _Arn
    queues: Annotated[tuple[_Queue, ...], BeforeValidator(_listed)] = ()
    bus: _Name
    schedule_group: _Name
    scheduler_role_arn: _Arn
    workflows: _Package = WORKFLOWS
    published_events: Annotated[tuple[_Events, ...], BeforeValidator(_listed)] = DEFAULT_PUBLISHED
    api_url: _Url | None = None
    due_shards: int = Field(default=8, ge=1, le=64)
    retention_days: int = Field(default=30, ge=0, le=36_500)
    model_keys: Annotated[dict[_Name, _Place], BeforeValidator(_places)] = Field(
        default_factory=dict
    )
    batch_role_arn: Annotated[_Arn | None, BeforeValidator(lambda value: value or None)] = None
    keep_prompts: bool = False
    redactions: Annotated[tuple[_Expression, ...], BeforeValidator(_lines)] = ()

    @property
    def retention(self) -> timedelta | None:
        """How long a run is kept that is over; None keeps it for good."""
        return timedelta(days=self.retention_days) if self.retention_days else None

    @property
    def queue_urls(self) -> Mapping[str, str]:
        """The URLs of the named queues: all lie beside the ordinary one."""
        return {name: _beside(self.queue_url, name) for name in self.queues}

    @property
    def queue_arns(self) -> Mapping[str, str]:
        """The ARNs of the named queues."""
        return {name: _beside(self.queue_arn, name) for name in self.queues}

    @field_validator("queues")
    @classmethod
    def _beside_the_ordinary_one(cls, value: Any, facts: ValidationInfo) -> Any:
        places = [str(facts.data.get(name, _BELLS)) for name in ("queue_url", "queue_arn")]
        if value and not all(place.endswith(_BELLS) for place in places):
            message = "nobody knows where that is, since HEADRACE_QUEUE_URL or"
            raise ValueError(f"{message} HEADRACE_QUEUE_ARN does not end with {_BELLS!r}")
        return value

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return what *environment* says.

        Raises:
            SettingsError: A variable is missing or malformed; it names every such one.
        """
        try:
            return cls.model_validate(dict(environment))
        except ValidationError as error:
            problems = "; ".join(_problems(error))
        raise SettingsError(f"The environment is not as template.yaml makes it: {problems}.")


class WorkSettings(BaseModel):
    """How a worker that stays is run: what `HEADRACE_WORK_...` says; spans are in seconds."""

    model_config = ConfigDict(
        alias_generator=lambda name: _variable(f"work_{name}"),
        frozen=True,
        validate_by_name=True,
    )

    queues: Annotated[tuple[_Name, ...], BeforeValidator(_listed), Field(min_length=1)] = (
        "default",
    )
    threads: int = Field(default=1, ge=1, le=256)
    tick: bool = False
    isolate: bool = True
    grace: _Span = Field(default=timedelta(seconds=90), ge=timedelta())
    lease: _Span = Field(default=timedelta(seconds=60), ge=timedelta(seconds=1))
    hidden: _Span = Field(default=timedelta(seconds=60), ge=timedelta(seconds=1))
    health: _Address | None = None
    worker_id: _Name = Field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}")

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, **options: object
    ) -> Self:
        """Return what *environment* says, but for the *options* that are given and not None.

        Raises:
            SettingsError: A variable or an option is malformed; it names every such one.
        """
        given = {_variable(f"work_{name}"): value for name, value in options.items()}
        known = {name: value for name, value in given.items() if value is not None}
        try:
            return cls.model_validate({**environment, **known})
        except ValidationError as error:
            problems = "; ".join(_problems(error))
        raise SettingsError(f"No worker can be run like that: {problems}.")


def _beside(ordinary: str, name: str) -> str:
    """Return the place of a named queue; template.yaml calls them `<stack>-<name>-bells`."""
    return f"{ordinary.removesuffix(_BELLS)}{name}-{_BELLS}"


def on_lambda() -> bool:
    """Whether this process is Lambda's: only then does somebody start a new one in its place."""
    return LAMBDA in os.environ


def service() -> str:
    """Return under what name log lines and metrics go out: that of the stack."""
    return os.environ.get("POWERTOOLS_SERVICE_NAME", "headrace")


def log_level() -> str:
    """Return the least severe level that is logged.

    Raises:
        SettingsError: There is no such level.
    """
    level = os.environ.get(_LEVEL, "INFO")
    if level.upper() in _LEVELS:
        return level.upper()
    raise SettingsError(
        f"The environment is not as template.yaml makes it: {_LEVEL} is {level!r}, but should be"
        f" one of {', '.join(_LEVELS)}."
    )


def _problems(error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False, include_context=False):
        variable = str(one["loc"][0])
        if one["type"] == "missing":
            yield f"{variable} is missing"
        elif variable in _SECRETIVE:
            # Whoever takes it for the place of a key itself has written one there.
            yield f"{variable} is not as it should be: {_wish(one['msg'])}"
        else:
            yield f"{variable} is {one['input']!r}, but {_wish(one['msg'])}"


def _wish(message: str) -> str:
    wish = message.removeprefix("Value error, ")
    return wish[:1].lower() + wish[1:]
