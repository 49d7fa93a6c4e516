"""The operating guide says what is there: parameters, alarms, outputs, commands, limits."""

import re
from typing import Any, Final

import pytest
from botocore import xform_name
from botocore.session import Session
from typer.main import get_command

from functions.local.account import REGION
from functions.local.cli import app
from functions.local.template import translate_template
from kernel.model.policy import Policy
from tests.operating import guide
from tests.operating.guide import AwsCall

# Options of the AWS CLI itself.
EVERYWHERE: Final = {"query", "output"}
ALARMS: Final = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}


@pytest.fixture(scope="module")
def template() -> Any:
    return translate_template(region=REGION)


def known_options(call: AwsCall) -> set[str]:
    """Return what the operation takes, or whoever waits for it, as the AWS CLI spells it."""
    session = Session()
    service = session.get_service_model(call.service)
    operations = {xform_name(name, "-"): name for name in service.operation_names}
    waits = session.get_waiter_model(call.service).waiter_names if call.waits else ()
    awaited = {xform_name(name, "-"): name for name in waits}
    if call.waits:
        waiter = session.get_waiter_model(call.service).get_waiter(awaited[call.operation])
        operation = waiter.operation
    else:
        operation = operations[call.operation]
    shape = service.operation_model(operation).input_shape
    return {xform_name(name, "-") for name in (shape.members if shape else {})}


def test_every_parameter_of_the_template_has_a_row_and_no_other_has(template: Any) -> None:
    assert sorted(guide.parameters()) == sorted(template["Parameters"])


def test_every_alarm_of_the_template_is_explained_by_its_name(template: Any) -> None:
    alarms = {name for name, each in template["Resources"].items() if each["Type"] in ALARMS}

    assert alarms - guide.names() == set()


def test_every_name_of_a_resource_or_output_is_the_templates(template: Any) -> None:
    kinds = re.compile(r"\w+(Alarm|Url|Role|Function|Queue|Name)")

    named = {name for name in guide.names() if kinds.fullmatch(name)}

    assert named
    assert named <= template["Resources"].keys() | template["Outputs"].keys()


def test_every_log_group_is_one_that_the_template_makes(template: Any) -> None:
    groups = {
        each["Properties"]["LogGroupName"]["Fn::Sub"].replace("${AWS::StackName}", "headrace")
        for each in template["Resources"].values()
        if each["Type"] == "AWS::Logs::LogGroup"
    }

    named = set(re.findall(r"--log-group-name (\S+)", guide.TEXT))

    assert named
    assert named <= groups


@pytest.mark.parametrize("words", guide.lines_of("headrace"), ids=" ".join)
def test_every_command_of_ours_exists_with_its_options(words: list[str]) -> None:
    commands: Any = get_command(app)
    command = commands.commands[words[0]]
    options = {
        spelling for each in command.params for spelling in (*each.opts, *each.secondary_opts)
    }

    assert {word for word in words if word.startswith("--")} <= options


def test_every_target_of_make_exists() -> None:
    makefile = (guide.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    mentioned = set(re.findall(r"`make ([a-z-]+)`", guide.TEXT))

    asked = {word for words in guide.lines_of("make") for word in words} | mentioned

    assert asked
    assert asked <= targets


def test_every_test_that_the_guide_names_is_there() -> None:
    named = re.findall(r"`(tests/[^`]+)`", guide.TEXT)

    missing = [
        path
        for path in named
        if not [*(guide.ROOT / path).glob("test_*.py")] and not is_test(path)
    ]

    assert named
    assert not missing


def is_test(path: str) -> bool:
    return path.endswith(".py") and (guide.ROOT / path).is_file()


@pytest.mark.parametrize("call", guide.aws_calls(), ids=lambda call: call.operation)
def test_every_call_to_aws_is_an_operation_with_its_options(call: AwsCall) -> None:
    assert set(call.options) - EVERYWHERE <= known_options(call)


def test_every_program_that_the_guide_calls_is_one_that_it_has_people_install() -> None:
    called = {words[0].rpartition("/")[2] for words in guide.lines()}

    assert called == {"aws", "docker", "git", "headrace", "make", "sam"}


def test_the_limits_are_those_of_the_engine() -> None:
    policy = Policy()

    assert f"| {policy.inline_limit:,} bytes |" in guide.TEXT
    assert f"| {policy.bell_limit:,} bytes |" in guide.TEXT
    assert f"| {policy.artifact_limit}, {policy.annotation_limit} |" in guide.TEXT
    assert f"| events tried | {policy.publish_tries} times |" in guide.TEXT
    assert f"is remembered | {policy.idempotency_kept.days} days |" in guide.TEXT
    assert f"are kept for {policy.dead_letters_kept.days} days" in guide.TEXT


@pytest.mark.parametrize("link", [each for each in guide.links() if "://" not in each])
def test_every_link_within_leads_somewhere(link: str) -> None:
    page, _, anchor = link.partition("#")

    assert (guide.ROOT / "docs" / page).exists()
    assert not anchor or anchor in guide.anchors()
