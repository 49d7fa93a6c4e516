"""The roles that the translated template makes, and which function has which of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3
from moto.iam.models import iam_backends

from functions.local.account import STACK, Account
from functions.local.event_shapes import ACCOUNT
from functions.local.template import references, translate_template
from tests.privilege.gate import Role
from tests.privilege.needs import arn
from tests.privilege.statements import Request, grants_in

# X-Ray knows no resources.
_TRACING: Final = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


@dataclass(frozen=True, kw_only=True)
class Post:
    """What a function has of its own.

    Args:
        recording: What Lambda does in the function's role with each invocation.
    """

    role: Role
    environment: Mapping[str, str]
    recording: tuple[Request, ...]


def roles_in(account: Account) -> dict[str, Role]:
    """Return the stack's roles by their names in the template, with what each may do.

    The policies are those that moto's CloudFormation has made of the translated template.
    """
    template = translate_template(region=account.region)["Resources"]
    return {
        logical_id: Role(
            name=name,
            grants=(*_grants(name), *_managed(template[logical_id]["Properties"])),
        )
        for logical_id, name in _made("AWS::IAM::Role").items()
    }


def posts_in(account: Account, roles: Mapping[str, Role]) -> dict[str, Post]:
    """Return what each function of the stack has, by its name in the template."""
    template = translate_template(region=account.region)
    resources, tracing = template["Resources"], template["Parameters"]["Tracing"]["Default"]
    groups = _made("AWS::Logs::LogGroup")
    return {
        name: Post(
            role=roles[resource["Properties"]["Role"]["Fn::GetAtt"][0]],
            environment=account.environments[name],
            recording=tuple(_recording(resource["Properties"], groups, tracing)),
        )
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }


def trust_of(role: Role) -> Any:
    """Return the one statement that says who may take on the role."""
    written = _backend().get_role(role.name).assume_role_policy_document
    [statement] = json.loads(written)["Statement"]
    return statement


def _grants(name: str) -> Iterator[Any]:
    role = _backend().get_role(name)
    for document in role.policies.values():
        # moto keeps what is a resource of its own as text.
        yield from grants_in(json.loads(document) if isinstance(document, str) else document)


def _managed(properties: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a role has by policies that are shared, which moto does not attach."""
    made = _made("AWS::IAM::ManagedPolicy")
    for name in references(properties.get("ManagedPolicyArns", [])):
        if name in made:
            policy = _backend().get_policy(made[name])
            document = policy.versions[-1].document
            yield from grants_in(json.loads(document) if isinstance(document, str) else document)


def _recording(
    properties: Mapping[str, Any], groups: Mapping[str, str], tracing: str
) -> Iterator[Request]:
    group = groups[properties["LoggingConfig"]["LogGroup"]["Ref"]]
    stream = arn("logs", f"log-group:{group}:log-stream:2026/11/22/[$LATEST]0f1e2d3c")
    yield Request(action="logs:CreateLogStream", resource=stream)
    yield Request(action="logs:PutLogEvents", resource=stream)
    assert properties["TracingConfig"]["Mode"] == {"Ref": "Tracing"}
    if tracing == "Active":
        for action in _TRACING:
            yield Request(action=action, resource="*")


def _made(kind: str) -> dict[str, str]:
    """Return the names of all resources of a kind, by their names in the template."""
    found = boto3.client("cloudformation").describe_stack_resources(StackName=STACK)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in found["StackResources"]
        if each["ResourceType"] == kind
    }


def _backend() -> Any:
    return iam_backends[ACCOUNT]["aws"]
