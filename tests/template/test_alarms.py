"""What wakes an operator, and what one sees first: of things that are there to be seen."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import functions
from functions.local.template import references
from functions.metering import RUNS, STAGES, metric
from functions.outcomes import MaintenanceResult
from tests.template.reading import Json, given, of_type, properties

FUNCTIONS = ["WorkerFunction", "TickFunction", "ApiFunction"]
STACK = {"Ref": "AWS::StackName"}
# What AWS reports, as its documentation names it, and of what.
REPORTED = {
    "AWS/ApiGateway": ("ApiId", {"4xx", "5xx", "Count", "Latency"}),
    "AWS/DynamoDB": ("TableName", {"ReadThrottleEvents", "WriteThrottleEvents"}),
    "AWS/Lambda": ("FunctionName", {"Duration", "Errors", "Invocations", "Throttles"}),
    "AWS/SQS": (
        "QueueName",
        {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"},
    ),
}
WATCHED = {
    *((name, metric) for name in FUNCTIONS for metric in ("Errors", "Throttles")),
    ("TickFunction", "Invocations"),
    ("Queue", "ApproximateAgeOfOldestMessage"),
    ("UrgentQueue", "ApproximateAgeOfOldestMessage"),
    ("heavyQueue", "ApproximateAgeOfOldestMessage"),
    ("heavyDeadLetterQueue", "ApproximateNumberOfMessagesVisible"),
    ("DeadLetterQueue", "ApproximateNumberOfMessagesVisible"),
    ("UrgentDeadLetterQueue", "ApproximateNumberOfMessagesVisible"),
    ("AWS::StackName", "RunsFailed"),
    ("AWS::StackName", "EventsDeadLettered"),
    ("AWS::StackName", "TickUnavailable"),
    # Neither is an error to Lambda: the worker says which bell failed, the API answers.
    ("AWS::StackName", "BellsGivenBack"),
    ("Api", "5xx"),
    # Where somebody says how much is too much.
    ("AWS::StackName", "ModelCost"),
}


def alarms(template: Json) -> dict[str, Json]:
    """Return those that wake somebody, by their names; others only start and stop containers."""
    return {
        name: each
        for name, each in of_type(template, "AWS::CloudWatch::Alarm").items()
        if template["Resources"][name].get("Condition") != "RunsContainers"
    }


def is_sent(name: str) -> bool:
    """Whether our code sends a metric of that name."""
    of_ticks = {metric(field) for field in MaintenanceResult.__dataclass_fields__}
    if name in of_ticks | {*RUNS.values(), *STAGES.values()}:
        return True
    here = Path(next(iter(functions.__path__)))
    sources = [here / f"{module}.py" for module in ("metering", "worker", "tick")]
    return any(f'"{name}"' in path.read_text(encoding="utf-8") for path in sources)


def test_everything_that_may_go_wrong_is_watched(template: Json) -> None:
    watched = {
        (name, each["MetricName"])
        for each in alarms(template).values()
        for name in references(each["Dimensions"])
    }

    assert watched == WATCHED


def test_every_alarm_tells_the_topic_and_says_what_it_means(template: Json) -> None:
    topic = [{"Ref": "AlarmTopic"}]

    silent = [
        name
        for name, each in alarms(template).items()
        if (each["AlarmActions"], each["OKActions"]) != (topic, topic)
        or not each["AlarmDescription"]
    ]

    assert not silent


def test_every_alarm_looks_at_something_that_is_there(template: Json) -> None:
    for each in alarms(template).values():
        ((dimension, value),) = ((one["Name"], one["Value"]) for one in each["Dimensions"])
        check(each["Namespace"], each["MetricName"], dimension, of_stack=value == STACK)
        assert set(references(value)) <= template["Resources"].keys() | {"AWS::StackName"}


def check(namespace: str, name: str, dimension: str, *, of_stack: bool) -> None:
    """Fail where nobody reports such a metric of such a thing."""
    if namespace == "Headrace":
        assert is_sent(name), name
        assert (dimension, of_stack) == ("service", True)
    else:
        of, reported = REPORTED[namespace]
        assert name in reported
        assert dimension == of


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_send_metrics_under_the_name_that_alarms_look_for(
    template: Json, name: str
) -> None:
    variables = properties(template, name)["Environment"]["Variables"]

    assert variables["POWERTOOLS_SERVICE_NAME"] == STACK


def test_silence_is_fine_but_for_the_tick(template: Json) -> None:
    breaching = {
        name
        for name, each in alarms(template).items()
        if each["TreatMissingData"] != "notBreaching"
    }

    missed = properties(template, "TickMissedAlarm")
    assert breaching == {"TickMissedAlarm"}
    assert missed["TreatMissingData"] == "breaching"
    assert (missed["Period"], missed["EvaluationPeriods"], missed["Threshold"]) == (60, 5, 1)
    assert missed["ComparisonOperator"] == "LessThanThreshold"


def test_a_bell_may_be_held_back_and_worked_on_before_it_counts_as_old(template: Json) -> None:
    parameters = template["Parameters"]

    longest = max(map(int, parameters["WorkerTimeout"]["AllowedValues"]))

    assert parameters["QueueAgeThreshold"]["Default"] > longest + 900


def test_mail_is_sent_to_whoever_asks_for_it() -> None:
    nobody, somebody = given(), given(AlarmEmail="ops@example.org")

    assert not of_type(nobody, "AWS::SNS::Subscription")
    assert of_type(somebody, "AWS::SNS::Subscription") == {
        "AlarmMail": {
            "TopicArn": {"Ref": "AlarmTopic"},
            "Protocol": "email",
            "Endpoint": {"Ref": "AlarmEmail"},
        }
    }


def widgets(template: Json) -> list[Json]:
    body = properties(template, "Dashboard")["DashboardBody"]["Fn::Sub"]
    found: list[Json] = json.loads(body)["widgets"]
    return found


def rows(template: Json) -> list[Any]:
    return [
        line
        for widget in widgets(template)
        if widget["type"] == "metric"
        for line in widget["properties"]["metrics"]
    ]


def lines(template: Json) -> list[Any]:
    return [line for line in rows(template) if len(line) > 1]


def searches(template: Json) -> list[str]:
    """Return the expressions that look for metrics, where nobody knows beforehand how many."""
    return [line[0]["expression"] for line in rows(template) if len(line) == 1]


def test_the_dashboard_shows_nothing_that_nobody_reports(template: Json) -> None:
    for namespace, name, dimension, value, _ in lines(template):
        check(namespace, name, dimension, of_stack=value == "${AWS::StackName}")


def test_the_dashboard_looks_for_queues_by_what_all_of_them_are_called(template: Json) -> None:
    form = r"SEARCH\('\{(\S+),(\w+)\} MetricName=\"(\w+)\" QueueName=(\w+)', 'Maximum', 60\)"

    found = [re.fullmatch(form, each) for each in searches(template)]

    assert found
    names = [each["QueueName"]["Fn::Sub"] for each in bells(template)]
    for each in found:
        assert each
        namespace, dimension, metric_, word = each.groups()
        check(namespace, metric_, dimension, of_stack=False)
        assert all(name.split("-")[-1] == word for name in names)


def bells(template: Json) -> list[Json]:
    return [each for each in of_type(template, "AWS::SQS::Queue").values() if "QueueName" in each]


def test_the_dashboard_shows_what_an_operator_opens_it_for(template: Json) -> None:
    shown = {name for _, name, *_ in lines(template)}

    assert shown >= {
        *("RunsStarted", "RunsCompleted", "RunsFailed", "StageDuration", "BellWait"),
        *("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"),
        *("Errors", "Throttles", "Duration", "TickLeft"),
    }


def test_every_alarm_is_on_the_dashboard(template: Json) -> None:
    (listed,) = (
        each["properties"]["alarms"] for each in widgets(template) if each["type"] == "alarm"
    )

    names = [re.fullmatch(r"\$\{(\w+)\.Arn\}", arn) for arn in listed]

    # Those of named queues are as many as there are names, and a dashboard cannot loop.
    # What is there only where it is asked for cannot be named.
    lone = [
        name
        for name in alarms(template)
        if not name.startswith("heavy") and "Condition" not in template["Resources"][name]
    ]
    assert {each[1] for each in names if each} == {*lone}
    assert len(listed) == len(lone)


def test_no_two_widgets_lie_on_each_other_and_none_is_off_the_page(template: Json) -> None:
    taken = [
        (x, y)
        for each in widgets(template)
        for x in range(each["x"], each["x"] + each["width"])
        for y in range(each["y"], each["y"] + each["height"])
    ]

    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
