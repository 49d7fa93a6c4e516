"""Vectors of Bedrock's."""

import pytest

from adapters.ai.bedrock import BedrockModels
from kernel.errors import (
    UnknownModelError,
)
from kernel.model.message import (
    EmbedRequest,
    Usage,
)
from tests.adapters.ai.asking import SOON
from tests.support.bedrock import Bedrock, Said


def test_titan_makes_one_vector_a_call_and_they_keep_their_order(
    models: BedrockModels, cloud: Bedrock
) -> None:
    cloud.will_say(Said(body={"embedding": [0.5, 1.0], "inputTextTokenCount": 3}))
    request = EmbedRequest(
        model="bedrock:amazon.titan-embed-text-v2:0", texts=("one",), dimensions=256
    )

    reply = models.embed(request, within=SOON)

    assert reply.vectors == ((0.5, 1.0),)
    assert reply.usage == Usage(input=3)
    assert cloud.heard[0].body == {"inputText": "one", "dimensions": 256}


def test_many_texts_for_titan_are_asked_for_side_by_side(
    models: BedrockModels, cloud: Bedrock
) -> None:
    same = Said(body={"embedding": [1.0], "inputTextTokenCount": 2})
    cloud.will_say(*[same] * 20)
    texts = tuple(f"text {nth}" for nth in range(20))

    reply = models.embed(
        EmbedRequest(model="bedrock:amazon.titan-embed-text-v2:0", texts=texts), within=SOON
    )

    assert len(reply.vectors) == 20
    assert reply.usage == Usage(input=40)
    assert {heard.body["inputText"] for heard in cloud.heard} == {*texts}


def test_cohere_takes_many_texts_at_once(models: BedrockModels, cloud: Bedrock) -> None:
    cloud.will_say(
        Said(
            body={"embeddings": {"float": [[1.0], [2.0]]}},
            headers={"X-Amzn-Bedrock-Input-Token-Count": "9"},
        )
    )
    request = EmbedRequest(model="bedrock:eu.cohere.embed-v4:0", texts=("one", "two"))

    reply = models.embed(request, within=SOON)

    assert reply.vectors == ((1.0,), (2.0,))
    assert reply.usage == Usage(input=9)
    assert cloud.heard[0].body["texts"] == ["one", "two"]


def test_a_model_that_makes_no_vectors_is_not_asked(models: BedrockModels, cloud: Bedrock) -> None:
    request = EmbedRequest(model="bedrock:meta.llama3", texts=("one",))

    with pytest.raises(UnknownModelError, match=r"amazon\.titan-embed"):
        models.embed(request, within=SOON)

    assert cloud.heard == []
