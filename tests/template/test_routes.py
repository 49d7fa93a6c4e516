"""Who may call what: every route with its authorizer, so that nothing opens by mistake."""

import re
from typing import Any

import pytest

from functions.api import app
from functions.local.template import references
from tests.template.reading import TOKENS, Json, given, of_type, properties, refusals

CLOSED = {
    *("POST /runs", "GET /runs/{run_id}", "GET /workflows"),
    *("GET /runs/{run_id}/calls", "GET /costs", "POST /runs/{run_id}/budget"),
    *("POST /runs/{run_id}/cancel", "POST /runs/{run_id}/rerun"),
}
# Whoever has the token in the path may call. No GET: programs that scan mail follow links.
OPEN = {"POST /callbacks/{token}"}
MODES = {"AWS_IAM": {}, "JWT": TOKENS}


def routes(template: Json) -> dict[str, Json]:
    return {
        each["RouteKey"]: each for each in of_type(template, "AWS::ApiGatewayV2::Route").values()
    }


@pytest.mark.parametrize(("kind", "parameters"), MODES.items(), ids=MODES)
def test_every_route_but_that_of_callbacks_asks_who_is_calling(
    kind: str, parameters: dict[str, str]
) -> None:
    found = routes(given(**parameters))

    asking = {key: each["AuthorizationType"] for key, each in found.items()}

    assert asking == dict.fromkeys(CLOSED, kind) | dict.fromkeys(OPEN, "NONE")


def test_tokens_are_checked_for_their_issuer_and_audience() -> None:
    template = given(**TOKENS)

    authorizers = of_type(template, "AWS::ApiGatewayV2::Authorizer")

    ((name, authorizer),) = authorizers.items()
    assert authorizer["AuthorizerType"] == "JWT"
    assert authorizer["JwtConfiguration"] == {
        "Issuer": {"Ref": "JwtIssuer"},
        "Audience": {"Fn::Split": [",", {"Ref": "JwtAudience"}]},
    }
    found = routes(template)
    assert [found[key]["AuthorizerId"] for key in sorted(CLOSED)] == [{"Ref": name}] * len(CLOSED)
    assert not [key for key in OPEN if "AuthorizerId" in found[key]]


def test_signed_requests_need_no_authorizer() -> None:
    template = given()

    assert not of_type(template, "AWS::ApiGatewayV2::Authorizer")
    assert not [each for each in routes(template).values() if "AuthorizerId" in each]


@pytest.mark.parametrize("missing", ["JwtIssuer", "JwtAudience"])
def test_an_issuer_without_an_audience_is_refused_and_the_other_way_round(missing: str) -> None:
    said = refusals(**TOKENS | {missing: ""})

    assert said == ["Give JwtIssuer and JwtAudience, or neither of them."]
    assert not refusals(**TOKENS)
    assert not refusals()


def test_the_api_stays_where_it_is_when_callers_change_from_signing_to_tokens() -> None:
    signed, tokens = given(), given(**TOKENS)

    for name in ("Api", "ApiStage", "ApiIntegration", "ApiPermission"):
        assert properties(signed, name) == properties(tokens, name)
    assert signed["Outputs"]["ApiUrl"] == tokens["Outputs"]["ApiUrl"]
    assert properties(signed, "WorkerFunction") == properties(tokens, "WorkerFunction")


def test_the_routes_are_those_that_the_code_serves(template: Json) -> None:
    served = {f"{method} {path}" for method, path in code_routes()}

    assert routes(template).keys() == served == CLOSED | OPEN


def code_routes() -> list[tuple[str, str]]:
    """Return the resolver's routes as the template spells them."""
    all_ = [*app._static_routes, *app._dynamic_routes]  # noqa: SLF001 - it shows them nowhere
    return [(str(each.method), re.sub(r"<(\w+)>", r"{\1}", each.path)) for each in all_]


def test_there_is_no_other_way_in(template: Json) -> None:
    doors = {
        "AWS::ApiGatewayV2::Api": ["Api"],
        "AWS::ApiGatewayV2::Integration": ["ApiIntegration"],
        "AWS::ApiGatewayV2::Stage": ["ApiStage"],
        "AWS::Lambda::Url": [],
        "AWS::ApiGateway::RestApi": [],
        "AWS::Lambda::Permission": ["TickFunctionEveryMinutePermission", "ApiPermission"],
    }

    found = {type_: [*of_type(template, type_)] for type_ in doors}

    assert found == doors
    of_api = [each for each in routes(template).values() if each["ApiId"] == {"Ref": "Api"}]
    assert len(of_api) == len(CLOSED | OPEN)


def test_only_this_api_and_this_rule_may_invoke(template: Json) -> None:
    permissions = of_type(template, "AWS::Lambda::Permission")

    sources = [
        (each["Principal"].removesuffix(".amazonaws.com"), set(references(each["SourceArn"])))
        for each in permissions.values()
    ]

    assert sources == [("events", {"TickFunctionEveryMinute"}), ("apigateway", {"Api"})]


def test_requests_are_held_back_and_those_of_strangers_more(template: Json) -> None:
    stage = properties(template, "ApiStage")
    defaults = {name: each["Default"] for name, each in template["Parameters"].items()}

    assert stage["DefaultRouteSettings"] == limits("Api")
    assert stage["RouteSettings"] == {key: limits("Callback") for key in OPEN}
    assert defaults["CallbackRate"] < defaults["ApiRate"]
    assert template["Resources"]["ApiStage"]["DependsOn"] == "ResumeStageRoute"


def limits(whose: str) -> Json:
    return {
        "ThrottlingRateLimit": {"Ref": f"{whose}Rate"},
        "ThrottlingBurstLimit": {"Ref": f"{whose}Burst"},
    }


def test_access_is_logged_without_the_tokens_in_paths(template: Json) -> None:
    settings: Any = properties(template, "ApiStage")["AccessLogSettings"]

    told = set(re.findall(r"\$context\.([A-Za-z.]+)", settings["Format"]))

    assert settings["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogs", "Arn"]}
    assert properties(template, "ApiAccessLogs")["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert {"routeKey", "status", "requestId"} <= told
    assert not [each for each in told if each.lower().endswith("path")]
