"""An AWS account inside this process, made from `template.yaml` and gone when it is closed."""

import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from moto import mock_aws

from functions.local.atomic_moto import atomic_moto
from functions.local.template import TEMPLATE, embeddable, environments, translate_template

REGION: Final = "us-east-1"
STACK: Final = "headrace"

# Nobody's own profile, credentials or endpoint may lead a call out of the account.
_SURROUNDINGS: Final = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_REGION": REGION,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@dataclass(frozen=True, kw_only=True)
class Account:
    """What one needs to know about the account to work in it."""

    region: str
    environments: Mapping[str, Mapping[str, str]]
    """The variables of each function, by the function's name in the template."""
    outputs: Mapping[str, str]
    """The stack's outputs, but for those that name something left out (the functions)."""

    @property
    def dead_letter_queues(self) -> dict[str, str]:
        """The URL of each queue, and that of the queue for its dead letters."""
        found = (re.fullmatch("(.*)DeadLetterQueueUrl", name) for name in sorted(self.outputs))
        return {
            self.outputs[f"{each[1]}QueueUrl"]: self.outputs[each[0]] for each in found if each
        }


@contextmanager
def open_account(
    template: Path = TEMPLATE,
    *,
    parameters: Mapping[str, str] | None = None,
    later: Callable[[], Mapping[str, str]] = dict,
    true: Collection[str] = (),
) -> Iterator[Account]:
    """Make an account, and everything that *template* asks for in it.

    It serves every thread of this process, but only clients made while it is open. There is
    one at a time.

    Args:
        template: A SAM template.
        parameters: Values for the template's parameters, where not the defaults.
        later: Returns more of them. It is asked when no call leaves the process any more: whoever
            imports workflows may make clients.
        true: The template's conditions that hold with these values.
    """
    with ExitStack() as closing:
        closing.enter_context(_surroundings())
        closing.enter_context(mock_aws())
        closing.enter_context(atomic_moto())
        values = {**(parameters or {}), **later()}
        plain = translate_template(template, region=REGION, parameters=values)
        yield _build(plain, values, true)


@contextmanager
def _surroundings() -> Iterator[None]:
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    _replace_surroundings(_SURROUNDINGS)
    try:
        yield
    finally:
        _replace_surroundings(before)


def _replace_surroundings(wanted: Mapping[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(wanted)


def _build(
    template: Mapping[str, Any], parameters: Mapping[str, str], true: Collection[str]
) -> Account:
    cloudformation = boto3.client("cloudformation")
    given = _make_schedule_groups(template["Resources"]) | _apis(template["Resources"])
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps(embeddable(template, given=given, true=true)),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
    )
    made = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in made}
    _finish(template["Resources"], names)

    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return Account(
        region=REGION,
        environments=environments(outputs),
        outputs={name: outputs[name] for name in outputs.keys() & template["Outputs"].keys()},
    )


def _make_schedule_groups(resources: Mapping[str, Any]) -> dict[str, str]:
    """Make what moto's CloudFormation passes over, and return the names."""
    groups = {
        logical_id: _group_name(resource)
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::Scheduler::ScheduleGroup"
    }
    scheduler = boto3.client("scheduler")
    for name in groups.values():
        scheduler.create_schedule_group(Name=name)
    return groups


def _apis(resources: Mapping[str, Any]) -> dict[str, str]:
    """Return the APIs by name, with the ids that links then hold; there is no host behind them."""
    kind = "AWS::ApiGatewayV2::Api"
    return {name: "local" for name, resource in resources.items() if resource["Type"] == kind}


def _group_name(resource: Mapping[str, Any]) -> str:
    name = resource["Properties"]["Name"]
    return STACK if name == {"Ref": "AWS::StackName"} else str(name)


def _finish(resources: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Set what moto's CloudFormation leaves unset on tables and buckets."""
    for logical_id, name in names.items():
        match resources.get(logical_id):
            case {"Type": "AWS::DynamoDB::Table", "Properties": properties}:
                _finish_table(name, properties)
            case {"Type": "AWS::S3::Bucket", "Properties": properties}:
                boto3.client("s3").put_public_access_block(
                    Bucket=name,
                    PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"],
                )
            case _:
                pass


def _finish_table(name: str, properties: Mapping[str, Any]) -> None:
    dynamodb = boto3.client("dynamodb")
    dynamodb.update_time_to_live(
        TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
    )
    dynamodb.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"],
    )
