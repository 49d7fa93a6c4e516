"""Bedrock on this machine, and a session that finds it there."""

from collections.abc import Iterator

import pytest
from boto3.session import Session

from adapters.ai.bedrock import BedrockModels
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
