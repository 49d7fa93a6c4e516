"""What Bedrock refuses is told in our words, and never asked for twice."""

import socket
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from boto3.session import Session

from adapters.ai.bedrock import BedrockModels
from kernel.errors import (
    EngineError,
    ModelBusyError,
    ModelDeniedError,
    ModelRejectedError,
    ModelTimeoutError,
    UnknownModelError,
)
from tests.adapters.ai.asking import HELLO, MODEL, SOON
from tests.support.bedrock import Bedrock, Said, refusing


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusing("ThrottlingException", status=429), ModelBusyError),
        (refusing("ServiceUnavailableException", status=503), ModelBusyError),
        (refusing("InternalServerException", status=500), ModelBusyError),
        (refusing("ModelNotReadyException", status=429), ModelBusyError),
        (refusing("ModelErrorException", status=424), ModelBusyError),
        (refusing("ServiceQuotaExceededException"), ModelBusyError),
        (refusing("ModelTimeoutException", status=408), ModelTimeoutError),
        (refusing("AccessDeniedException", status=403), ModelDeniedError),
        (refusing("UnrecognizedClientException", status=403), ModelDeniedError),
        (refusing("ExpiredTokenException", status=403), ModelDeniedError),
        (refusing("ResourceNotFoundException", status=404), UnknownModelError),
        (
            refusing("ValidationException", "The provided model identifier is invalid."),
            UnknownModelError,
        ),
        (refusing("ValidationException", "Input is too long."), ModelRejectedError),
    ],
)
def test_each_refusal_has_its_error_and_is_asked_once(
    models: BedrockModels, cloud: Bedrock, answer: Said, error: type[EngineError]
) -> None:
    cloud.will_say(answer)

    with pytest.raises(error) as caught:
        models.complete(HELLO, within=SOON)

    assert type(caught.value) is error
    assert caught.value.context["model"] == MODEL
    assert len(cloud.heard) == 1


def test_how_long_it_asks_to_be_left_alone_is_told(models: BedrockModels, cloud: Bedrock) -> None:
    cloud.will_say(refusing("ThrottlingException", status=429, retry_after="7"))

    with pytest.raises(ModelBusyError) as caught:
        models.complete(HELLO, within=SOON)

    assert caught.value.context["retry_after"] == 7


def test_a_model_that_does_not_answer_in_its_time_is_left(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        where = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", where)

        with pytest.raises(ModelTimeoutError):
            BedrockModels(session).complete(HELLO, within=timedelta(seconds=0.2))


def test_a_bedrock_that_is_not_there_is_busy(
    monkeypatch: pytest.MonkeyPatch, session: Session
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")

    with pytest.raises(ModelBusyError):
        BedrockModels(session).complete(HELLO, within=SOON)


def test_what_botocore_will_not_send_is_rejected(models: BedrockModels, cloud: Bedrock) -> None:
    options: dict[str, Any] = {"serviceTier": "flex"}

    with pytest.raises(ModelRejectedError):
        models.complete(replace(HELLO, options=options), within=SOON)

    assert cloud.heard == []
