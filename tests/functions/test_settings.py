"""The environment: what is read of it, and what is said about a bad one."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from functions.settings import LAMBDA, Settings, SettingsError, on_lambda

ROOT: Final = Path(__file__).parents[2]
GOOD: Final = {
    "AWS_REGION": "us-east-1",
    "HEADRACE_TABLE": "headrace",
    "HEADRACE_BUCKET": "blobs",
    "HEADRACE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/bells",
    "HEADRACE_QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:bells",
    "HEADRACE_URGENT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/urgent",
    "HEADRACE_URGENT_QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:urgent",
    "HEADRACE_BUS": "headrace",
    "HEADRACE_SCHEDULE_GROUP": "headrace",
    "HEADRACE_SCHEDULER_ROLE_ARN": "arn:aws:iam::123456789012:role/scheduler",
}


def test_the_variables_are_those_of_the_template() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")

    read = {f"HEADRACE_{name.upper()}" for name in Settings.model_fields if name != "region"}

    assert read == set(re.findall(r"HEADRACE_[A-Z_]+", template))


def test_nobody_else_reads_the_environment() -> None:
    modules = [path for path in (ROOT / "functions").glob("*.py") if path.stem != "settings"]

    readers = [path.name for path in modules if "os.environ" in path.read_text(encoding="utf-8")]

    assert not readers


def test_what_may_be_left_out_has_a_default() -> None:
    settings = Settings.from_environment(GOOD)

    assert settings.table == "headrace"
    assert settings.workflows == "functions.workflows"
    assert settings.published_events == ("workflow:*", "stage:failed", "stage:suspended")
    assert settings.due_shards == 8
    assert settings.api_url is None


def test_settings_do_not_change() -> None:
    settings = Settings.from_environment(GOOD)

    with pytest.raises(ValueError, match="frozen"):
        settings.table = "another"


def test_published_events_are_a_comma_list() -> None:
    given = GOOD | {"HEADRACE_PUBLISHED_EVENTS": "workflow:*, stage:failed,"}

    assert Settings.from_environment(given).published_events == ("workflow:*", "stage:failed")


def test_no_events_at_all_may_be_published() -> None:
    given = GOOD | {"HEADRACE_PUBLISHED_EVENTS": ""}

    assert Settings.from_environment(given).published_events == ()


def test_named_queues_lie_beside_the_ordinary_one() -> None:
    stack = {
        "HEADRACE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/mine-bells",
        "HEADRACE_QUEUE_ARN": "arn:aws:sqs:us-east-1:123456789012:mine-bells",
    }

    settings = Settings.from_environment(GOOD | stack | {"HEADRACE_QUEUES": "heavy, gpu"})

    assert settings.queue_urls == {
        "heavy": "https://sqs.us-east-1.amazonaws.com/123456789012/mine-heavy-bells",
        "gpu": "https://sqs.us-east-1.amazonaws.com/123456789012/mine-gpu-bells",
    }
    assert settings.queue_arns == {
        "heavy": "arn:aws:sqs:us-east-1:123456789012:mine-heavy-bells",
        "gpu": "arn:aws:sqs:us-east-1:123456789012:mine-gpu-bells",
    }


def test_queues_that_have_names_need_an_ordinary_one_to_lie_beside() -> None:
    elsewhere = {"HEADRACE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/ours"}

    with pytest.raises(SettingsError, match=r"HEADRACE_QUEUES .*HEADRACE_QUEUE_URL.*bells"):
        Settings.from_environment(GOOD | elsewhere | {"HEADRACE_QUEUES": "heavy"})


def test_the_region_may_be_called_default_as_on_a_laptop() -> None:
    given = {name: value for name, value in GOOD.items() if name != "AWS_REGION"}

    settings = Settings.from_environment(given | {"AWS_DEFAULT_REGION": "eu-west-1"})

    assert settings.region == "eu-west-1"


@pytest.mark.parametrize("variable", GOOD)
def test_a_missing_variable_is_named_in_one_sentence(variable: str) -> None:
    given = {name: value for name, value in GOOD.items() if name != variable}

    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(given)

    assert str(caught.value) == (
        f"The environment is not as template.yaml makes it: {variable} is missing."
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HEADRACE_TABLE", ""),
        ("HEADRACE_QUEUE_URL", "bells"),
        ("HEADRACE_QUEUE_ARN", "https://example.org"),
        ("HEADRACE_WORKFLOWS", "functions/workflows"),
        ("HEADRACE_API_URL", "api.example.org"),
        ("HEADRACE_DUE_SHARDS", "many"),
        ("HEADRACE_DUE_SHARDS", "0"),
        ("HEADRACE_RETENTION_DAYS", "-1"),
        ("HEADRACE_PUBLISHED_EVENTS", "workflow"),
        ("HEADRACE_QUEUES", "urgent"),
    ],
)
def test_a_malformed_variable_is_named_with_its_value(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(GOOD | {variable: value})

    assert f"{variable} is {value!r}, but " in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    given = {name: value for name, value in GOOD.items() if name != "HEADRACE_TABLE"}

    with pytest.raises(SettingsError, match=r"HEADRACE_TABLE is missing; HEADRACE_DUE_SHARDS is"):
        Settings.from_environment(given | {"HEADRACE_DUE_SHARDS": "65"})


def test_lambda_is_known_by_its_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LAMBDA, raising=False)
    before = on_lambda()

    monkeypatch.setenv(LAMBDA, "127.0.0.1:9001")

    assert (before, on_lambda()) == (False, True)


@pytest.mark.parametrize(("days", "kept"), [("7", timedelta(days=7)), ("0", None)])
def test_runs_are_kept_for_so_many_days_or_for_good(days: str, kept: timedelta | None) -> None:
    settings = Settings.from_environment(GOOD | {"HEADRACE_RETENTION_DAYS": days})

    assert settings.retention == kept
