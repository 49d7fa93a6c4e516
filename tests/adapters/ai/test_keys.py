"""Providers' keys: read where they were laid down, and shown to nobody."""

import logging
import traceback
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from boto3.session import Session
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from adapters.ai.keys import ModelKeys
from kernel.errors import ModelBusyError, ModelDeniedError
from tests.support.aws import Mouth, a_session, refusal

SECRET: Final = "sk-nobody-may-see-this"


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def session() -> Session:
    return a_session()


def test_a_key_lies_in_secrets_manager_or_among_the_parameters(session: Session) -> None:
    session.client("secretsmanager").create_secret(Name="one", SecretString=f"{SECRET}\n")
    session.client("ssm").put_parameter(Name="/two", Value="key-2", Type="SecureString")
    keys = ModelKeys({"openai": "secretsmanager:one", "anthropic": "ssm:/two"}, session=session)

    found = [keys.of(provider) for provider in ("openai", "anthropic", "google")]

    assert found == [SECRET, "key-2", None]


def test_a_key_may_be_named_by_its_arn(session: Session) -> None:
    arn = session.client("secretsmanager").create_secret(Name="one", SecretString=SECRET)["ARN"]

    found = ModelKeys({"openai": f"secretsmanager:{arn}"}, session=session).of("openai")

    assert found == SECRET


def test_a_key_is_read_once_for_a_while(session: Session) -> None:
    mouth = Mouth(session, "secretsmanager.GetSecretValue", *[{"SecretString": SECRET}] * 3)
    keys = ModelKeys({"openai": "secretsmanager:one"}, session=session)

    found = [keys.of("openai") for _ in range(3)]

    assert found == [SECRET] * 3
    assert len(mouth.calls) == 1


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("secretsmanager:nowhere", "ResourceNotFoundException"),
        ("ssm:nowhere", "ParameterNotFound"),
    ],
)
def test_a_key_that_is_not_there_is_named_by_its_place(
    session: Session, place: str, why: str
) -> None:
    keys = ModelKeys({"openai": place}, session=session)

    with pytest.raises(ModelDeniedError, match=why) as caught:
        keys.of("openai")

    assert caught.value.context == {"provider": "openai", "place": place}


def test_a_role_that_may_not_read_it_is_told(session: Session) -> None:
    Mouth(session, "secretsmanager.GetSecretValue", refusal("AccessDeniedException"))
    keys = ModelKeys({"openai": "secretsmanager:one"}, session=session)

    with pytest.raises(ModelDeniedError, match="AccessDeniedException"):
        keys.of("openai")


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("ThrottlingException"),
        refusal("InternalServiceError", status=500),
        EndpointConnectionError(endpoint_url="https://secrets.example.org"),
    ],
    ids=["throttled", "in trouble", "out of reach"],
)
def test_a_key_that_cannot_be_read_just_now_may_be_read_later(
    session: Session, trouble: Mapping[str, Any] | Exception
) -> None:
    Mouth(session, "secretsmanager.GetSecretValue", *[trouble] * 9)
    keys = ModelKeys({"openai": "secretsmanager:one"}, session=session)

    with pytest.raises(ModelBusyError, match="cannot be read from 'secretsmanager:one'"):
        keys.of("openai")


def test_an_empty_key_is_none(session: Session) -> None:
    session.client("ssm").put_parameter(Name="two", Value=" ", Type="String")
    keys = ModelKeys({"openai": "ssm:two"}, session=session)

    with pytest.raises(ModelDeniedError, match="no key of 'openai'"):
        keys.of("openai")


def test_no_log_and_no_text_shows_a_key(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    session.client("secretsmanager").create_secret(Name="one", SecretString=SECRET)
    keys = ModelKeys({"openai": "secretsmanager:one", "x": "ssm:gone"}, session=session)

    with caplog.at_level(logging.INFO):
        keys.of("openai")
        with pytest.raises(ModelDeniedError) as caught:
            keys.of("x")

    shown = (repr(keys), str(keys), caplog.text, *traceback.format_exception(caught.value))
    assert SECRET not in "".join(shown)
