"""What may be tuned: it is said and used, and what the functions would refuse is refused first."""

import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from functions.local.template import TEMPLATE, references
from functions.settings import Settings, SettingsError
from tests.functions.test_settings import GOOD
from tests.template.reading import Json

VARIABLES = {
    "DueShards": "HEADRACE_DUE_SHARDS",
    "PublishedEvents": "HEADRACE_PUBLISHED_EVENTS",
    "RetentionDays": "HEADRACE_RETENTION_DAYS",
    "WorkflowsPackage": "HEADRACE_WORKFLOWS",
}


def test_every_parameter_has_a_default_and_says_what_it_does() -> None:
    parameters = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]

    unsaid = [
        name for name, each in parameters.items() if not {"Default", "Description"} <= each.keys()
    ]

    assert not unsaid


def test_every_parameter_is_used() -> None:
    parsed = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    parameters = parsed.pop("Parameters").keys()

    used = set(references({"Rules": parsed.pop("Rules")})), set(references(parsed))

    # A rule alone makes nothing of a parameter.
    assert parameters <= used[1]
    assert used[0] <= parameters


@pytest.mark.parametrize("parameter", ["DueShards", "RetentionDays"])
def test_the_numbers_that_may_be_given_are_those_that_the_functions_take(
    template: Json, parameter: str
) -> None:
    variable = VARIABLES[parameter]
    bounds = template["Parameters"][parameter]
    least, most = bounds["MinValue"], bounds["MaxValue"]

    taken = [is_taken(variable, str(each)) for each in (least - 1, least, most, most + 1)]

    assert taken == [False, True, True, False]


@pytest.mark.parametrize(
    ("parameter", "value", "wanted"),
    [
        *(("WorkflowsPackage", each, True) for each in ("mine", "mine.flows_2")),
        *(("WorkflowsPackage", each, False) for each in ("mine/flows", "2mine", "mine.", "")),
        *(("PublishedEvents", each, True) for each in ("", "*", "workflow:*, stage:failed")),
        *(("PublishedEvents", each, False) for each in ("workflow", "a:b c:d", "Stage:failed")),
    ],
)
def test_the_texts_that_may_be_given_are_those_that_the_functions_take(
    template: Json, parameter: str, value: str, *, wanted: bool
) -> None:
    pattern = template["Parameters"][parameter]["AllowedPattern"]

    may_be_given = bool(re.fullmatch(pattern, value))

    assert (may_be_given, is_taken(VARIABLES[parameter], value)) == (wanted, wanted)


def test_an_audience_that_no_token_could_name_is_refused(template: Json) -> None:
    pattern = template["Parameters"]["JwtAudience"]["AllowedPattern"]

    taken = [each for each in ("", "a", "a,b", "a, b", "a,", ",") if re.fullmatch(pattern, each)]

    assert taken == ["", "a", "a,b"]


def is_taken(variable: str, value: str) -> bool:
    """Whether the functions start where *variable* is *value*."""
    try:
        Settings.from_environment(GOOD | {variable: value})
    except SettingsError:
        return False
    return True
