"""Language models in the template: nothing is open by default, and no more than is named."""

from typing import Any, Final

import pytest

from tests.template.reading import CONTAINERS, given, plain

MODEL: Final = "arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0"
SECRET: Final = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:openai-abc123"
PARAMETER: Final = "arn:aws:ssm:eu-central-1:123456789012:parameter/anthropic"
ALL: Final = {
    "BedrockModelArns": MODEL,
    "ModelSecretArns": SECRET,
    "ModelParameterArns": PARAMETER,
}


def sids(**parameters: str) -> list[str]:
    """Return the names of what a worker may do with models."""
    policy = given(**parameters)["Resources"].get("ModelsPolicy")
    if policy is None:
        return []
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    return [each["Sid"] for each in statements]


def attached(role: str, **parameters: str) -> Any:
    resources = given(**parameters)["Resources"]
    return resources[role]["Properties"].get("ManagedPolicyArns")


def test_by_default_no_model_may_be_asked_and_no_key_be_read() -> None:
    resources = given()["Resources"]

    assert "ModelsPolicy" not in resources
    assert "BatchRole" not in resources
    assert attached("WorkerRole") is None
    assert "bedrock" not in str(resources)


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (
            {"BedrockModelArns": MODEL},
            ["Models", "BatchesOfModels", "Batches", "BatchesByName", "BatchRole", "BatchBlobs"],
        ),
        ({"ModelSecretArns": SECRET}, ["ModelSecrets"]),
        ({"ModelParameterArns": PARAMETER}, ["ModelParameters"]),
    ],
)
def test_each_choice_opens_what_it_names(parameters: dict[str, str], expected: list[str]) -> None:
    assert sids(**parameters) == expected


def test_workers_and_containers_have_it_and_nobody_else() -> None:
    given_ = {**ALL, **CONTAINERS}

    having = [
        name
        for name, each in given(**given_)["Resources"].items()
        if "ModelsPolicy" in str(each.get("Properties", {}).get("ManagedPolicyArns"))
    ]

    assert sorted(having) == ["WorkerRole", "heavyContainerRole"]


def test_bedrock_takes_on_its_role_for_batches_of_this_account_only() -> None:
    role = given(**ALL)["Resources"]["BatchRole"]["Properties"]

    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]

    assert statement["Principal"] == {"Service": "bedrock.amazonaws.com"}
    assert set(statement["Condition"]) == {"StringEquals", "ArnLike"}


def test_functions_know_the_role_only_where_there_is_one() -> None:
    variable = "HEADRACE_BATCH_ROLE_ARN"

    values = [
        given(**parameters)["Resources"]["WorkerFunction"]["Properties"]["Environment"][
            "Variables"
        ][variable]
        for parameters in ({}, ALL)
    ]

    assert values == ["", {"Fn::GetAtt": ["BatchRole", "Arn"]}]


def test_nobody_is_woken_by_costs_unless_somebody_says_how_much_is_too_much() -> None:
    without, watched = given()["Resources"], given(ModelCostThreshold="5")["Resources"]

    assert "ModelCostAlarm" not in without
    assert watched["ModelCostAlarm"]["Properties"]["Threshold"] == {"Ref": "ModelCostThreshold"}
    assert watched["ModelCostAlarm"]["Properties"]["Period"] == 3600


def test_what_must_match_a_pattern_does() -> None:
    keys = plain()["Parameters"]["ModelKeys"]

    assert keys["Default"] == ""
    assert "secretsmanager" in keys["AllowedPattern"]
