"""What other providers refuse, and what nobody can ask them; keys are shown to nobody."""

import logging
import traceback
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.ai.keys import ModelKeys
from kernel.errors import (
    EngineError,
    ModelBusyError,
    ModelDeniedError,
    ModelRejectedError,
    ModelTimeoutError,
    UnknownModelError,
)
from tests.adapters.ai.asking import SOON
from tests.adapters.ai.others import HELLO, KEY, OPENAI, chat, fault
from tests.support.aws import a_session
from tests.support.bedrock import Bedrock, Said

pytest.importorskip("pydantic_ai")

from adapters.ai.pydantic_ai import PydanticModels


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (fault(400), ModelRejectedError),
        (fault(401), ModelDeniedError),
        (fault(403), ModelDeniedError),
        (fault(404), UnknownModelError),
        (fault(422), ModelRejectedError),
        (fault(429), ModelBusyError),
        (fault(500), ModelBusyError),
        (fault(503), ModelBusyError),
        (fault(504), ModelTimeoutError),
    ],
)
def test_each_refusal_has_its_error_and_is_asked_once(
    others: PydanticModels, cloud: Bedrock, answer: Said, error: type[EngineError]
) -> None:
    cloud.will_say(answer)

    with pytest.raises(error) as caught:
        others.complete(HELLO, within=SOON)

    assert type(caught.value) is error
    assert caught.value.context["model"] == OPENAI
    assert len(cloud.heard) == 1


def test_how_long_it_asks_to_be_left_alone_is_told(others: PydanticModels, cloud: Bedrock) -> None:
    cloud.will_say(fault(429, retry_after="7"))

    with pytest.raises(ModelBusyError) as caught:
        others.complete(HELLO, within=SOON)

    assert caught.value.context["retry_after"] == 7


def test_a_model_that_does_not_answer_in_its_time_is_left(
    others: PydanticModels, cloud: Bedrock
) -> None:
    with pytest.raises(ModelTimeoutError):
        others.complete(HELLO, within=timedelta())


@pytest.mark.parametrize("model", ["nobody:model", "nonsense", "groq:llama"])
def test_what_nobody_knows_or_has_the_library_for_is_unknown(
    others: PydanticModels, model: str
) -> None:
    with pytest.raises(UnknownModelError):
        others.complete(replace(HELLO, model=model), within=SOON)


def test_a_key_that_is_missing_is_told(
    environment: pytest.MonkeyPatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    keyless = PydanticModels(ModelKeys({}, session=a_session()))

    with pytest.raises(ModelDeniedError, match="OPENAI_API_KEY"):
        keyless.complete(HELLO, within=SOON)


def test_no_log_and_no_error_shows_a_key(
    others: PydanticModels, cloud: Bedrock, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.will_say(fault(401, f"Incorrect API key provided: {KEY}"))

    with caplog.at_level(logging.INFO), pytest.raises(ModelDeniedError) as caught:
        others.complete(HELLO, within=SOON)

    shown = "".join((caplog.text, repr(caught.value), *traceback.format_exception(caught.value)))
    assert KEY not in shown
    assert cloud.heard[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.usefixtures("environment")
def test_a_key_that_was_laid_down_is_used(cloud: Bedrock) -> None:
    class Laid(ModelKeys):
        def of(self, provider: str) -> str | None:
            return "laid-down"

    cloud.will_say(chat(content="x"))
    others = PydanticModels(Laid({}, session=a_session()))

    others.complete(HELLO, within=SOON)
    others.close()

    assert cloud.heard[0].headers["authorization"] == "Bearer laid-down"
