"""Which actions AWS checks for a call, and on what: not always the one that the call is named for.

A call that is not known here needs what it is named for, on everything; so it is denied.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from functions.local.account import REGION
from functions.local.event_shapes import ACCOUNT
from tests.privilege.statements import Request

_Parameters: TypeAlias = Mapping[str, Any]

_IN_TRANSACTIONS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}


# What is not made yet is asked for by its kind.
_JOB: Final = "model-invocation-job"


def needs_of(service: str, operation: str, parameters: _Parameters) -> Sequence[Request]:
    """Return what a role must be allowed for the call."""
    known = _KNOWN.get(service)
    found = tuple(known(operation, parameters)) if known else ()
    return found or (Request(action=f"{service}:{operation}", resource="*"),)


def blob_arn(bucket: str, key: str) -> str:
    return f"arn:aws:s3:::{bucket}/{key}"


def to_see_that_it_is_missing(bucket: str) -> Request:
    """Return what S3 asks for before it says that there is no such key."""
    return Request(action="s3:ListBucket", resource=f"arn:aws:s3:::{bucket}")


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _of_table(operation: str, parameters: _Parameters) -> Iterator[Request]:
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for item in parameters["TransactItems"]:
                for kind, part in item.items():
                    yield _on_table(_IN_TRANSACTIONS[kind], part["TableName"])
        case "BatchWriteItem" | "BatchGetItem":
            for table in parameters["RequestItems"]:
                yield _on_table(operation, table)
        case "Query" | "Scan" if "IndexName" in parameters:
            yield _on_table(
                operation, f"{parameters['TableName']}/index/{parameters['IndexName']}"
            )
        case _:
            yield _on_table(operation, parameters["TableName"])


def _on_table(action: str, table: str) -> Request:
    return Request(action=f"dynamodb:{action}", resource=arn("dynamodb", f"table/{table}"))


def _of_bucket(operation: str, parameters: _Parameters) -> Iterator[Request]:
    bucket = parameters["Bucket"]
    match operation:
        case "GetObject" | "HeadObject":
            yield Request(action="s3:GetObject", resource=blob_arn(bucket, parameters["Key"]))
        case "PutObject" | "DeleteObject":
            yield Request(action=f"s3:{operation}", resource=blob_arn(bucket, parameters["Key"]))
        case "DeleteObjects":
            for blob in parameters["Delete"]["Objects"]:
                yield Request(action="s3:DeleteObject", resource=blob_arn(bucket, blob["Key"]))
        case "ListObjectsV2":
            yield Request(
                action="s3:ListBucket",
                resource=f"arn:aws:s3:::{bucket}",
                facts={"s3:prefix": parameters.get("Prefix", "")},
            )


def _of_queue(operation: str, parameters: _Parameters) -> Iterator[Request]:
    name = parameters["QueueUrl"].rpartition("/")[2]
    yield Request(action=f"sqs:{operation.removesuffix('Batch')}", resource=arn("sqs", name))


def _of_bus(operation: str, parameters: _Parameters) -> Iterator[Request]:
    for entry in parameters["Entries"]:
        yield Request(
            action=f"events:{operation}",
            resource=arn("events", f"event-bus/{entry.get('EventBusName', 'default')}"),
            facts={"events:source": entry["Source"], "events:detail-type": entry["DetailType"]},
        )


def _of_schedules(operation: str, parameters: _Parameters) -> Iterator[Request]:
    place = f"schedule/{parameters.get('GroupName', 'default')}/{parameters['Name']}"
    yield Request(action=f"scheduler:{operation}", resource=arn("scheduler", place))
    if "Target" in parameters:
        yield Request(
            action="iam:PassRole",
            resource=parameters["Target"]["RoleArn"],
            facts={"iam:PassedToService": "scheduler.amazonaws.com"},
        )


def _of_models(operation: str, parameters: _Parameters) -> Iterator[Request]:
    streams = operation == "ConverseStream"
    action = "InvokeModelWithResponseStream" if streams else "InvokeModel"
    yield Request(action=f"bedrock:{action}", resource=_model(parameters["modelId"]))


def _of_batches(operation: str, parameters: _Parameters) -> Iterator[Request]:
    match operation:
        case "CreateModelInvocationJob":
            for resource in (_model(parameters["modelId"]), arn("bedrock", f"{_JOB}/any")):
                yield Request(action=f"bedrock:{operation}", resource=resource)
            yield Request(
                action="iam:PassRole",
                resource=parameters["roleArn"],
                facts={"iam:PassedToService": "bedrock.amazonaws.com"},
            )
        case "GetModelInvocationJob" | "StopModelInvocationJob":
            yield Request(action=f"bedrock:{operation}", resource=parameters["jobIdentifier"])


def _model(name: str) -> str:
    return f"arn:aws:bedrock:{REGION}::foundation-model/{name}"


def _of_secrets(operation: str, parameters: _Parameters) -> Iterator[Request]:
    name = f"secret:{parameters['SecretId']}-Ab12Cd"
    yield Request(action=f"secretsmanager:{operation}", resource=arn("secretsmanager", name))


def _of_parameters(operation: str, parameters: _Parameters) -> Iterator[Request]:
    name = f"parameter/{parameters['Name'].removeprefix('/')}"
    yield Request(action=f"ssm:{operation}", resource=arn("ssm", name))


_KNOWN: Final[Mapping[str, Callable[[str, _Parameters], Iterator[Request]]]] = {
    "bedrock": _of_batches,
    "bedrock-runtime": _of_models,
    "dynamodb": _of_table,
    "events": _of_bus,
    "s3": _of_bucket,
    "scheduler": _of_schedules,
    "secretsmanager": _of_secrets,
    "sqs": _of_queue,
    "ssm": _of_parameters,
}
