"""What the environment says of language models."""

import pytest

from functions.settings import Settings, SettingsError
from tests.functions.test_settings import GOOD


def settings(**more: str) -> Settings:
    return Settings.from_environment({**GOOD, **more})


def test_by_default_there_are_no_keys_and_nothing_is_kept() -> None:
    empty = settings(HEADRACE_MODEL_KEYS="", HEADRACE_BATCH_ROLE_ARN="", HEADRACE_REDACTIONS="")

    assert empty == settings()
    assert empty.model_keys == {}
    assert empty.batch_role_arn is None
    assert not empty.keep_prompts
    assert empty.redactions == ()


def test_keys_lie_where_they_are_said_to_lie() -> None:
    places = "openai=secretsmanager:keys/openai, anthropic = ssm:/keys/anthropic,"

    found = settings(HEADRACE_MODEL_KEYS=places)

    assert found.model_keys == {
        "openai": "secretsmanager:keys/openai",
        "anthropic": "ssm:/keys/anthropic",
    }


@pytest.mark.parametrize("places", ["openai=sk-secret", "openai", "=ssm:x", "a=ssm:x y"])
def test_a_key_that_lies_nowhere_is_refused(places: str) -> None:
    with pytest.raises(SettingsError, match="HEADRACE_MODEL_KEYS"):
        settings(HEADRACE_MODEL_KEYS=places)


def test_what_somebody_took_for_a_place_and_is_a_key_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        settings(HEADRACE_MODEL_KEYS="openai=sk-secret")

    assert "sk-secret" not in str(caught.value)


def test_what_is_blotted_out_may_be_several_lines() -> None:
    found = settings(HEADRACE_REDACTIONS="\\d{16}\n\nsecret.*", HEADRACE_KEEP_PROMPTS="true")

    assert found.redactions == ("\\d{16}", "secret.*")
    assert found.keep_prompts


def test_what_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"HEADRACE_REDACTIONS.*regular expression"):
        settings(HEADRACE_REDACTIONS="(")
