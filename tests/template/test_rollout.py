"""Gradual deployment: nothing of it unless it is asked for, and then all of it."""

import json
from itertools import product

import pytest
from cfnlint.api import lint

from functions.local.account import REGION
from functions.local.template import references
from tests.template.reading import (
    CONTAINERS,
    GRADUALLY,
    TOKENS,
    Json,
    actions,
    as_list,
    given,
    of_type,
    properties,
    refusals,
    statements,
)

ALIASES = {
    "WorkerFunction": "WorkerAlias",
    "TickFunction": "TickAlias",
    "ApiFunction": "ApiAlias",
}
# What is wrong with a version, as it shows: not all of it is an error to Lambda.
TURN_BACK = {
    "WorkerAlias": {"WorkerErrorsAlarm", "BellsGivenBackAlarm"},
    "TickAlias": {"TickErrorsAlarm"},
    "ApiAlias": {"ApiErrorsAlarm", "ApiFailuresAlarm"},
}
CALLERS = {
    "WorkerFunctionBells": "WorkerFunction",
    "WorkerFunctionUrgentBells": "WorkerFunction",
    "TickFunctionEveryMinute": "TickFunction",
    "TickFunctionEveryMinutePermission": "TickFunction",
    "ApiIntegration": "ApiFunction",
    "ApiPermission": "ApiFunction",
}
CHOICES = [
    CONTAINERS,
    *(
        {**callers, **rollout, **mail}
        for callers, rollout, mail in product(
            ({}, TOKENS), ({}, GRADUALLY), ({}, {"AlarmEmail": "ops@example.org"})
        )
    ),
]


@pytest.mark.parametrize("parameters", CHOICES, ids=lambda each: "-".join(each) or "defaults")
def test_cloudformations_linter_finds_nothing_wrong_whatever_is_chosen(
    parameters: dict[str, str],
) -> None:
    text = json.dumps(given(**parameters))

    findings = lint(text, regions=[REGION])

    assert findings == []


def test_by_default_callers_reach_the_functions_themselves_and_codedeploy_is_not_there() -> None:
    template = given()

    called = {name: set(references(properties(template, name))) for name in CALLERS}

    assert all(function in called[name] for name, function in CALLERS.items())
    types = {each["Type"] for each in template["Resources"].values()}
    assert not [each for each in types if each.startswith("AWS::CodeDeploy::")]
    assert not types & {"AWS::Lambda::Alias", "AWS::Lambda::Version"}
    assert properties(template, "TickFunctionEventInvokeConfig")["Qualifier"] == "$LATEST"


def test_where_it_is_asked_for_every_caller_reaches_an_alias() -> None:
    template = given(**GRADUALLY)

    called = {name: set(references(properties(template, name))) for name in CALLERS}

    assert not [name for name, function in CALLERS.items() if function in called[name]]
    assert all(ALIASES[function] in called[name] for name, function in CALLERS.items())
    qualifier = properties(template, "TickFunctionEventInvokeConfig")["Qualifier"]
    assert set(references(qualifier)) == {"TickAlias"}


@pytest.mark.parametrize(("function", "alias"), ALIASES.items())
def test_traffic_is_shifted_step_by_step_and_back_when_an_alarm_goes_off(
    function: str, alias: str
) -> None:
    template = given(**GRADUALLY)

    policy = template["Resources"][alias]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    group = properties(template, policy["DeploymentGroupName"]["Ref"])

    assert properties(template, alias)["FunctionName"] == {"Ref": function}
    assert group["DeploymentConfigName"] == {"Fn::Sub": "CodeDeployDefault.Lambda${Rollout}"}
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
    watched = set(references(group["AlarmConfiguration"]["Alarms"]))
    assert watched == TURN_BACK[alias]
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert watched <= alarms.keys()
    assert function in set(references([alarms[name] for name in watched]))


@pytest.mark.parametrize("function", ALIASES)
def test_each_release_makes_a_version_of_each_function(function: str) -> None:
    template = given(**GRADUALLY)

    (version,) = (
        each
        for each in of_type(template, "AWS::Lambda::Version").values()
        if each["FunctionName"] == {"Ref": function}
    )

    # Another description replaces the version; Lambda makes none of a function that is unchanged.
    assert version["Description"] == {"Ref": "Release"}
    variables = properties(template, function)["Environment"]["Variables"]
    assert variables["RELEASE"] == {"Ref": "Release"}


def test_what_goes_out_gradually_must_have_a_name() -> None:
    unnamed = refusals(Rollout=GRADUALLY["Rollout"])

    assert unnamed == ["A gradual Rollout needs a Release, a new one for each deployment."]
    assert not refusals(**GRADUALLY)
    assert not refusals()


def test_codedeploy_may_lead_aliases_and_look_at_alarms_and_no_more() -> None:
    template = given(**GRADUALLY)

    granted = [*statements(template, "DeploymentsRole")]

    assert actions(template, "DeploymentsRole") == {
        *("lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"),
        "cloudwatch:DescribeAlarms",
    }
    assert "*" not in [each for grant in granted for each in as_list(grant["Resource"])]
    assert "ManagedPolicyArns" not in properties(template, "DeploymentsRole")


def test_every_choice_of_a_rollout_is_one_that_codedeploy_knows(template: Json) -> None:
    choices = template["Parameters"]["Rollout"]["AllowedValues"]

    minutes = {"Canary10Percent": (5, 10, 15, 30), "Linear10PercentEvery": (1, 2, 3, 10)}

    assert choices == ["AllAtOnce"] + [
        f"{kind}{each}Minute{'' if each == 1 else 's'}"
        for kind, lengths in minutes.items()
        for each in lengths
    ]
