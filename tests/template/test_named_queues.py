"""A queue with all that belongs to it for each name in `NamedQueues`."""

import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from functions.local.account import REGION
from functions.local.template import TEMPLATE, translate_template
from kernel.authoring.naming import is_queue_name
from tests.template.reading import Json, of_type, properties, statements

RINGERS = ["WorkerRole", "TickRole", "ApiRole", "SchedulerRole"]
# What comes with each name.
KINDS = {"Queue", "DeadLetterQueue", "BellsPolicy", "DeadLettersAlarm", "BellsAgeAlarm"}


def of(names: str) -> Json:
    return translate_template(region=REGION, parameters={"NamedQueues": names})


def test_each_name_brings_the_same_and_nothing_else() -> None:
    none, one, two = of("heavy"), of("heavy, gpu"), of("gpu,heavy")

    more = one["Resources"].keys() - none["Resources"].keys()

    unconditional = {name for name in more if "Condition" not in one["Resources"][name]}
    assert unconditional == {f"gpu{kind}" for kind in KINDS}
    assert all("gpu" in name for name in more)
    assert one["Outputs"].keys() - none["Outputs"].keys() == {
        "gpuQueueUrl",
        "gpuDeadLetterQueueUrl",
    }
    assert two["Resources"].keys() == one["Resources"].keys()


def test_loops_and_what_they_go_by_are_called_like_nothing_else() -> None:
    # The SAM CLI refuses to build otherwise, and validates it all the same.
    text = TEMPLATE.read_text(encoding="utf-8")
    parameters = yaml_parse(text)["Parameters"].keys()

    loops = re.findall(r"Fn::ForEach::(\w+):\n\s+- (\w+)", text)

    assert loops
    assert len({loop for loop, _ in loops}) == len(loops)
    assert not {word for each in loops for word in each} & parameters


def test_what_a_mapping_is_asked_with_is_text() -> None:
    # So that the SAM CLI, too, finds it among keys, which are text.
    parameters = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]

    asked = re.findall(r"!FindInMap \[\w+, !Ref (\w+),", TEMPLATE.read_text(encoding="utf-8"))

    assert asked
    assert all(isinstance(parameters[name]["Default"], str) for name in asked)


def test_functions_are_told_the_names(template: Json) -> None:
    variables = properties(template, "TickFunction")["Environment"]["Variables"]

    assert variables["HEADRACE_QUEUES"] == {"Fn::Join": [",", {"Ref": "NamedQueues"}]}


def test_a_queue_is_called_what_functions_make_of_its_name(template: Json) -> None:
    ordinary = properties(template, "Queue")["QueueName"]["Fn::Sub"]

    named = properties(template, "heavyQueue")["QueueName"]["Fn::Sub"]

    assert ordinary == "${AWS::StackName}-bells"
    assert named == "${AWS::StackName}-heavy-bells"


@pytest.mark.parametrize("role", RINGERS)
def test_whoever_rings_may_ring_in_each_and_do_nothing_else_there(role: str) -> None:
    template = of("heavy,gpu")

    granted = [each for each in statements(template, role) if each["Sid"] == "NamedBells"]

    assert [each["Action"] for each in granted] == ["sqs:SendMessage"] * 2
    assert [each["Resource"] for each in granted] == [
        {"Fn::GetAtt": ["heavyQueue", "Arn"]},
        {"Fn::GetAtt": ["gpuQueue", "Arn"]},
    ]


def test_lambda_serves_none_of_them(template: Json) -> None:
    sources = of_type(template, "AWS::Lambda::EventSourceMapping").values()

    fed = {each["EventSourceArn"]["Fn::GetAtt"][0] for each in sources}

    assert fed == {"Queue", "UrgentQueue"}


@pytest.mark.parametrize(
    "name",
    [
        *("heavy", "g", "x" * 30, "x" * 31, "default", "urgent", "defaults", "Heavy", "2gpu"),
        *("gpu-large", "", "gpu large"),
    ],
)
def test_cloudformation_takes_the_names_that_stages_may_name(name: str) -> None:
    parameters = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Parameters"]

    taken = re.fullmatch(parameters["NamedQueues"]["AllowedPattern"], name)

    assert bool(taken) == is_queue_name(name)
