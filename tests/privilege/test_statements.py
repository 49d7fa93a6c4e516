"""What a policy allows, as IAM decides it."""

from typing import Any

import pytest

from tests.privilege.statements import Request, UnreadableError, allowing, grants_in

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/records"


def a_statement(**more: Any) -> dict[str, Any]:
    told = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": TABLE}
    return {**told, **more}


def allows(request: Request, *statements: dict[str, Any]) -> bool:
    grants = list(grants_in({"Statement": list(statements)}))
    return bool(allowing(grants, request))


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("dynamodb:GetItem", TABLE, True),
        ("DynamoDB:getitem", TABLE, True),
        ("dynamodb:GetItems", TABLE, False),
        ("dynamodb:Query", TABLE, False),
        ("dynamodb:GetItem", f"{TABLE}2", False),
        ("dynamodb:GetItem", f"{TABLE}/index/due", False),
        ("dynamodb:GetItem", TABLE.replace(":", "x"), False),
        ("dynamodb:GetItem", TABLE.upper(), False),
    ],
)
def test_an_action_is_allowed_on_the_resources_that_are_named(
    action: str, resource: str, *, allowed: bool
) -> None:
    request = Request(action=action, resource=resource)

    assert allows(request, a_statement()) is allowed


@pytest.mark.parametrize(
    ("pattern", "resource", "fits"),
    [
        ("arn:aws:s3:::blobs/runs/*", "arn:aws:s3:::blobs/runs/1/input.json", True),
        ("arn:aws:s3:::blobs/runs/*", "arn:aws:s3:::blobs/other", False),
        ("arn:aws:s3:::b.obs", "arn:aws:s3:::blobs", False),
        ("arn:aws:s3:::b?obs", "arn:aws:s3:::blobs", True),
        ("*", "anything", True),
    ],
)
def test_a_star_is_anything_and_a_dot_is_a_dot(pattern: str, resource: str, *, fits: bool) -> None:
    request = Request(action="dynamodb:GetItem", resource=resource)

    assert allows(request, a_statement(Resource=pattern)) is fits


def test_a_denial_has_the_last_word() -> None:
    request = Request(action="dynamodb:GetItem", resource=TABLE)

    assert not allows(request, a_statement(), a_statement(Effect="Deny", Action="dynamodb:*"))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"service": "scheduler"}}, True),
        ({"StringEquals": {"service": ["lambda", "scheduler"]}}, True),
        ({"StringEquals": {"service": "s*"}}, False),
        ({"StringLike": {"service": "s*"}}, True),
        ({"StringEquals": {"service": "scheduler", "other": "fact"}}, False),
        ({"StringEquals": {"service": "scheduler"}, "Bool": {"tls": "true"}}, True),
    ],
    ids=str,
)
def test_all_conditions_must_hold_and_an_unknown_fact_is_none(
    condition: dict[str, Any], *, holds: bool
) -> None:
    facts = {"service": "scheduler", "tls": "true"}
    request = Request(action="dynamodb:GetItem", resource=TABLE, facts=facts)

    assert allows(request, a_statement(Condition=condition)) is holds


@pytest.mark.parametrize(
    "strange",
    [
        {"NotAction": "s3:*"},
        {"NotResource": "*"},
        {"Condition": {"StringEqualsIfExists": {"a": "b"}}},
        {"Resource": "arn:aws:s3:::${aws:username}"},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused(strange: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        list(grants_in({"Statement": [a_statement(**strange)]}))
