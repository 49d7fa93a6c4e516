"""`template.yaml` as plain CloudFormation, and the part that an embedded account can hold."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from functions.local.expansion import expand

TEMPLATE: Final = Path(__file__).parents[2] / "template.yaml"

# The translator reads no files: it wants to hear where the code was uploaded.
_UPLOADED: Final = {"Bucket": "artefacts", "Key": "headrace.zip"}

# Functions, their event sources, the API and alarms stay out: moto cannot run them, and its
# event sources would eat the messages.
_HELD: Final = frozenset(
    {
        "AWS::DynamoDB::Table",
        "AWS::Events::EventBus",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::SNS::Topic",
        "AWS::SQS::Queue",
    }
)
_ENVIRONMENT: Final = "/environment"


def translate_template(
    path: Path = TEMPLATE, *, region: str, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return the template at *path* with its loops and its serverless resources spelt out, all
    offline.

    Parameters, mappings and conditions stay as they are.

    Args:
        parameters: Values for those that loops go through, where not the defaults.
    """
    template = expand(yaml_parse(path.read_text(encoding="utf-8")), parameters=parameters)
    template["Globals"]["Function"]["CodeUri"] = _UPLOADED
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=region))
    plain: dict[str, Any] = translator.translate(template, parameter_values={})
    # To nobody; left alone, the translator warns of it on standard error.
    translator.metrics.publish()
    return plain


def embeddable(
    template: Mapping[str, Any], *, given: Mapping[str, str], true: Collection[str] = ()
) -> dict[str, Any]:
    """Return what moto's CloudFormation can make of a translated *template*.

    The environment of each function becomes an output, to be read with `environments`. An
    output that names something left out is left out as well.

    Args:
        template: Plain CloudFormation.
        given: Resources that moto cannot make, and what a reference to each one yields.
        true: The conditions that hold with the parameters that are given.
    """
    resources = template["Resources"]
    # What is there on another condition stays out: moto lists it though it makes nothing of it.
    held = {
        name: each
        for name, each in resources.items()
        if each["Type"] in _HELD and each.get("Condition") in {None, *true}
    }
    parameters = _as_text(template["Parameters"]) | {
        name: {"Type": "String", "Default": value} for name, value in given.items()
    }
    known = held.keys() | parameters.keys()
    outputs = {
        name: each for name, each in template["Outputs"].items() if known >= set(references(each))
    }
    return {
        **template,
        "Parameters": parameters,
        "Resources": held,
        "Outputs": outputs | _environment_outputs(resources),
    }


def environments(outputs: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the variables of each function, by its name in the template."""
    return {
        name.removesuffix(_ENVIRONMENT): json.loads(value)
        for name, value in outputs.items()
        if name.endswith(_ENVIRONMENT)
    }


def _as_text(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return *parameters* as moto takes them, which is not quite as CloudFormation does."""
    return {name: {**each, **_declared(each)} for name, each in parameters.items()}


def _declared(parameter: Mapping[str, Any]) -> dict[str, Any]:
    match parameter:
        case {"Type": "Number", "Default": value}:
            # CloudFormation hands it on as text; moto would look up the key 900 and not "900".
            return {"Type": "String", "Default": str(value)}
        case {"Type": "CommaDelimitedList", "Default": value}:
            # moto takes apart what is given, and not what is the default.
            return {"Default": str(value).split(",")}
    return {}


def _environment_outputs(resources: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{name}{_ENVIRONMENT}": {
            "Value": {"Fn::ToJsonString": each["Properties"]["Environment"]["Variables"]}
        }
        for name, each in resources.items()
        if each["Type"] == "AWS::Lambda::Function"
    }


def references(node: object) -> Iterator[str]:
    """Yield what *node* refers to: resources and parameters, by name."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": value}:
            yield from re.findall(r"\$\{(\w+)[.}]", json.dumps(value))
        case Mapping():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)
        case _:
            pass
