"""Bedrock on this machine, and a session that finds it there."""

from collections.abc import Iterator
from typing import Any

import pytest
from boto3.session import Session

from adapters.ai.bedrock import BedrockModels
from adapters.ai.keys import ModelKeys
from tests.adapters.ai.others import KEY
from tests.support.aws import a_session
from tests.support.bedrock import Bedrock, bedrock


@pytest.fixture(scope="module")
def served() -> Iterator[Bedrock]:
    with bedrock(Bedrock()) as made:
        yield made


@pytest.fixture
def cloud(served: Bedrock) -> Bedrock:
    """Return it with nothing said or heard."""
    served.heard.clear()
    served.answers.clear()
    return served


@pytest.fixture(scope="module")
def session(served: Bedrock) -> Iterator[Session]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", served.url)
        environment.setenv("AWS_ENDPOINT_URL_BEDROCK", served.url)
        yield a_session()


@pytest.fixture(scope="module")
def models(session: Session) -> BedrockModels:
    """Return one for all: a client takes half a second to make."""
    return BedrockModels(session)


@pytest.fixture(scope="module")
def environment(served: Bedrock) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", KEY)
        patch.setenv("OPENAI_BASE_URL", f"{served.url}/v1")
        patch.setenv("ANTHROPIC_API_KEY", KEY)
        patch.setenv("ANTHROPIC_BASE_URL", served.url)
        yield patch


@pytest.fixture(scope="module")
def others(environment: pytest.MonkeyPatch) -> Iterator[Any]:
    pytest.importorskip("pydantic_ai")
    from adapters.ai.pydantic_ai import PydanticModels  # noqa: PLC0415

    made = PydanticModels(ModelKeys({}, session=a_session()))
    yield made
    made.close()
