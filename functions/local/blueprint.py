"""What `template.yaml` says of the functions: their handlers, their time, and what calls them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from functions.local.template import TEMPLATE

# What SAM and Lambda take where the template does not say.
_DEFAULT_TIMEOUT: Final = 3
_DEFAULT_MEMORY: Final = 128
_DEFAULT_BATCH: Final = 10


@dataclass(frozen=True, kw_only=True)
class QueueSource:
    """A queue that the function is fed from, by its name in the template."""

    queue: str
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """An HTTP route that the function serves. *path* may hold `{parameters}`."""

    method: str
    path: str


@dataclass(frozen=True, kw_only=True)
class Function:
    """A Lambda function. *handler* is dotted, *schedules* are the names of its cron events."""

    name: str
    handler: str
    timeout: timedelta
    memory: int
    queues: tuple[QueueSource, ...] = ()
    routes: tuple[Route, ...] = ()
    schedules: tuple[str, ...] = ()


def functions_in(
    template: Path = TEMPLATE, *, parameters: Mapping[str, str] | None = None
) -> dict[str, Function]:
    """Return the functions of the SAM *template* by their names there.

    Args:
        parameters: Values for the template's parameters, where not the defaults.
    """
    parsed = yaml_parse(template.read_text(encoding="utf-8"))
    values = {name: each.get("Default") for name, each in parsed.get("Parameters", {}).items()}
    values |= parameters or {}
    common = parsed.get("Globals", {}).get("Function", {})
    return {
        name: _function(name, _resolved({**common, **resource["Properties"]}, values))
        for name, resource in parsed["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _function(name: str, properties: Mapping[str, Any]) -> Function:
    events = properties.get("Events", {})
    return Function(
        name=name,
        handler=properties["Handler"],
        timeout=timedelta(seconds=int(properties.get("Timeout", _DEFAULT_TIMEOUT))),
        memory=int(properties.get("MemorySize", _DEFAULT_MEMORY)),
        queues=tuple(
            QueueSource(
                queue=each["Queue"]["Fn::GetAtt"][0],
                batch_size=int(each.get("BatchSize", _DEFAULT_BATCH)),
            )
            for _, each in _of_type(events, "SQS")
        ),
        routes=tuple(
            Route(method=each["Method"].upper(), path=each["Path"])
            for _, each in _of_type(events, "HttpApi")
        ),
        schedules=tuple(name for name, _ in _of_type(events, "Schedule")),
    )


def _of_type(events: Mapping[str, Any], type_: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, event in events.items():
        if event["Type"] == type_:
            yield name, event["Properties"]


def _resolved(node: Any, values: Mapping[str, Any]) -> Any:
    """Return *node* with references to parameters replaced by their values."""
    match node:
        case {"Ref": str(name)} if name in values:
            return values[name]
        case dict():
            return {key: _resolved(value, values) for key, value in node.items()}
        case list():
            return [_resolved(value, values) for value in node]
        case _:
            return node
