"""Bedrock's models, by botocore's own writing and reading of what goes over the wire."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from adapters.ai.bedrock import BedrockModels
from kernel.errors import (
    ModelRejectedError,
)
from kernel.model.json import Json
from kernel.model.message import (
    Finish,
    Media,
    Message,
    Reasoning,
    ToolCall,
    ToolResult,
    Usage,
)
from tests.adapters.ai.asking import HELLO, SCHEMA, SOON, WEATHER
from tests.support.bedrock import Bedrock, saying


def test_a_request_names_the_model_without_our_word_for_the_provider(
    models: BedrockModels, cloud: Bedrock
) -> None:
    cloud.will_say(saying({"text": "Good day"}))
    request = replace(HELLO, system="Be kind.", max_tokens=7, temperature=0.5, stop=("END",))

    reply = models.complete(request, within=SOON)

    assert reply.text == "Good day"
    assert reply.finish is Finish.STOP
    assert reply.usage == Usage(input=12, output=5)
    assert cloud.heard[0].model == "eu.amazon.nova-lite-v1:0"
    assert cloud.heard[0].body == {
        "messages": [{"role": "user", "content": [{"text": "Hello"}]}],
        "system": [{"text": "Be kind."}],
        "inferenceConfig": {"maxTokens": 7, "temperature": 0.5, "stopSequences": ["END"]},
    }


def test_what_is_cached_counts_as_input_too(models: BedrockModels, cloud: Bedrock) -> None:
    usage = {
        "inputTokens": 10,
        "outputTokens": 2,
        "totalTokens": 112,
        "cacheReadInputTokens": 70,
        "cacheWriteInputTokens": 30,
    }
    cloud.will_say(saying({"text": "x"}, usage=usage))

    reply = models.complete(HELLO, within=SOON)

    assert reply.usage == Usage(input=110, output=2, cached=70, cache_written=30)


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("stop_sequence", Finish.STOP),
        ("max_tokens", Finish.LENGTH),
        ("model_context_window_exceeded", Finish.LENGTH),
        ("content_filtered", Finish.REFUSAL),
        ("guardrail_intervened", Finish.REFUSAL),
        ("malformed_model_output", Finish.OTHER),
    ],
)
def test_why_a_model_stopped_is_told(
    models: BedrockModels, cloud: Bedrock, stop: str, finish: Finish
) -> None:
    cloud.will_say(saying({"text": "x"}, stop=stop))

    reply = models.complete(HELLO, within=SOON)

    assert reply.finish is finish


def test_an_answer_that_fits_a_schema_comes_by_a_tool_and_reads_as_text(
    models: BedrockModels, cloud: Bedrock
) -> None:
    answer = {"toolUseId": "1", "name": "answer", "input": {"mood": "fine"}}
    cloud.will_say(saying({"toolUse": answer}, stop="tool_use"))

    reply = models.complete(replace(HELLO, schema=SCHEMA), within=SOON)

    tools = cloud.heard[0].body["toolConfig"]
    assert reply.text == '{"mood": "fine"}'
    assert reply.finish is Finish.STOP
    assert tools["tools"][0]["toolSpec"]["inputSchema"] == {"json": SCHEMA}
    assert tools["toolChoice"] == {"tool": {"name": "answer"}}


def test_an_answer_that_is_no_object_comes_in_a_field_of_one(
    models: BedrockModels, cloud: Bedrock
) -> None:
    answer = {"toolUseId": "1", "name": "answer_in_field", "input": {"answer": [1, 2]}}
    cloud.will_say(saying({"toolUse": answer}, stop="tool_use"))
    schema: dict[str, Json] = {"type": "array", "items": {"type": "integer"}}

    reply = models.complete(replace(HELLO, schema=schema), within=SOON)

    spec = cloud.heard[0].body["toolConfig"]["tools"][0]["toolSpec"]
    assert reply.text == "[1, 2]"
    assert spec["inputSchema"]["json"]["properties"] == {"answer": schema}


def test_a_model_that_fits_schemas_by_itself_is_asked_so_where_the_options_say(
    models: BedrockModels, cloud: Bedrock
) -> None:
    cloud.will_say(saying({"text": '{"mood": "fine"}'}))
    request = replace(HELLO, schema=SCHEMA, options={"structured_output": "native"})

    reply = models.complete(request, within=SOON)

    assert reply.text == '{"mood": "fine"}'
    assert "toolConfig" not in cloud.heard[0].body
    assert cloud.heard[0].body["outputConfig"]["textFormat"]["type"] == "json_schema"


def test_a_model_that_thinks_is_not_forced_to_a_tool(
    models: BedrockModels, cloud: Bedrock
) -> None:
    cloud.will_say(saying({"text": "{}"}))
    thinking: dict[str, Json] = {"thinking": {"type": "enabled", "budget_tokens": 1024}}

    models.complete(replace(HELLO, schema=SCHEMA, options=thinking), within=SOON)

    assert cloud.heard[0].body["toolConfig"]["toolChoice"] == {"auto": {}}
    assert cloud.heard[0].body["additionalModelRequestFields"] == thinking


def test_tools_are_called_and_their_results_go_back(models: BedrockModels, cloud: Bedrock) -> None:
    call = {"toolUseId": "t1", "name": "weather", "input": {"city": "Bern"}}
    cloud.will_say(saying({"toolUse": call}, stop="tool_use"), saying({"text": "Sunny."}))
    request = replace(HELLO, tools=(WEATHER,), must_call=True)

    first = models.complete(request, within=SOON)
    results = (ToolResult(id="t1", name="weather", content="sun", failed=True),)
    said = (
        *request.messages,
        Message(role="assistant", parts=first.parts),
        Message(role="user", parts=results),
    )
    models.complete(replace(request, messages=said), within=SOON)

    assert first.tool_calls == (ToolCall(id="t1", name="weather", arguments={"city": "Bern"}),)
    assert first.finish is Finish.TOOL_CALLS
    assert cloud.heard[0].body["toolConfig"]["toolChoice"] == {"any": {}}
    result = {"toolUseId": "t1", "content": [{"text": "sun"}], "status": "error"}
    assert cloud.heard[1].body["messages"][1]["content"] == [{"toolUse": call}]
    assert cloud.heard[1].body["messages"][2]["content"] == [{"toolResult": result}]


def test_thoughts_come_back_and_go_out_again_as_they_were(
    models: BedrockModels, cloud: Bedrock
) -> None:
    hidden = base64.b64encode(b"\x00hidden").decode()
    thoughts: list[dict[str, Any]] = [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}},
        {"reasoningContent": {"redactedContent": hidden}},
    ]
    cloud.will_say(saying(*thoughts, {"text": "Yes"}), saying({"text": "Yes"}))

    reply = models.complete(HELLO, within=SOON)
    again = (*HELLO.messages, Message(role="assistant", parts=reply.parts), *HELLO.messages)
    models.complete(replace(HELLO, messages=again), within=SOON)

    assert reply.reasoning == "Hm."
    assert isinstance(reply.parts[0], Reasoning)
    assert cloud.heard[1].body["messages"][1]["content"] == [*thoughts, {"text": "Yes"}]


def test_pictures_and_documents_go_as_bytes(models: BedrockModels, cloud: Bedrock) -> None:
    cloud.will_say(saying({"text": "x"}))
    parts = (
        Media(content=b"png", media_type="image/png"),
        Media(content=b"pdf", media_type="application/pdf", name="my_file v1.pdf"),
    )

    models.complete(replace(HELLO, messages=(Message(role="user", parts=parts),)), within=SOON)

    image, document = cloud.heard[0].body["messages"][0]["content"]
    assert image == {"image": {"format": "png", "source": {"bytes": "cG5n"}}}
    assert document["document"]["name"] == "my file v1 pdf 2"
    assert document["document"]["source"] == {"bytes": "cGRm"}


def test_a_type_that_bedrock_does_not_take_is_never_sent(
    models: BedrockModels, cloud: Bedrock
) -> None:
    parts = (Media(content=b"", media_type="font/woff"),)
    request = replace(HELLO, messages=(Message(role="user", parts=parts),))

    with pytest.raises(ModelRejectedError, match="'font/woff'"):
        models.complete(request, within=SOON)

    assert cloud.heard == []


def test_two_messages_of_one_side_are_said_as_one(models: BedrockModels, cloud: Bedrock) -> None:
    cloud.will_say(saying({"text": "x"}))

    models.complete(replace(HELLO, messages=(*HELLO.messages, *HELLO.messages)), within=SOON)

    assert len(cloud.heard[0].body["messages"]) == 1


def test_options_go_where_bedrock_has_them(models: BedrockModels, cloud: Bedrock) -> None:
    cloud.will_say(saying({"text": "x"}))
    options: dict[str, Any] = {"topP": 0.25, "serviceTier": {"type": "flex"}, "top_k": 3}

    models.complete(replace(HELLO, options=options), within=SOON)

    body = cloud.heard[0].body
    assert body["inferenceConfig"] == {"topP": 0.25}
    assert body["serviceTier"] == {"type": "flex"}
    assert body["additionalModelRequestFields"] == {"top_k": 3}
