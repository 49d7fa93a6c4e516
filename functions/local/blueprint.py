"""What `template.yaml` says of the functions: their handlers, their time, and what calls them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from samtranslator.yaml_helper import yaml_parse

from functions.local.expansion import expand
from functions.local.template import TEMPLATE, references

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
    """A Lambda function. *handler* is dotted, *schedules* are the names of its cron rules."""

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
    parsed = expand(yaml_parse(template.read_text(encoding="utf-8")), parameters=parameters)
    values = {name: each.get("Default") for name, each in parsed.get("Parameters", {}).items()}
    values |= parameters or {}
    common = parsed.get("Globals", {}).get("Function", {})
    resources = _resolved(parsed["Resources"], values)
    return {
        name: _function(name, _resolved(common, values) | resource["Properties"], resources)
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _function(
    name: str, properties: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]]
) -> Function:
    integrations = {id_ for id_, _ in _calling(name, resources, "AWS::ApiGatewayV2::Integration")}
    return Function(
        name=name,
        handler=properties["Handler"],
        timeout=timedelta(seconds=int(properties.get("Timeout", _DEFAULT_TIMEOUT))),
        memory=int(properties.get("MemorySize", _DEFAULT_MEMORY)),
        queues=tuple(
            QueueSource(
                queue=each["EventSourceArn"]["Fn::GetAtt"][0],
                batch_size=int(each.get("BatchSize", _DEFAULT_BATCH)),
            )
            for _, each in _calling(name, resources, "AWS::Lambda::EventSourceMapping")
        ),
        routes=tuple(
            _route(each["RouteKey"])
            for _, each in _of_type(resources, "AWS::ApiGatewayV2::Route")
            if integrations & set(references(each["Target"]))
        ),
        schedules=tuple(id_ for id_, _ in _calling(name, resources, "AWS::Events::Rule")),
    )


def _route(key: str) -> Route:
    method, path = key.split(" ")
    return Route(method=method, path=path)


def _calling(
    function: str, resources: Mapping[str, Mapping[str, Any]], type_: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what names *function*, be it beside the alias that may stand for it."""
    for name, properties in _of_type(resources, type_):
        if function in references(properties):
            yield name, properties


def _of_type(
    resources: Mapping[str, Mapping[str, Any]], type_: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, resource in resources.items():
        if resource["Type"] == type_:
            yield name, resource["Properties"]


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
