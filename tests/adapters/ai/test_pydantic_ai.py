"""Other providers' models, by their own libraries, on servers that speak as they do."""

from dataclasses import replace
from typing import Any

import pytest

from kernel.errors import (
    ModelBusyError,
)
from kernel.model.message import (
    Delta,
    EmbedRequest,
    Finish,
    Media,
    Message,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from tests.adapters.ai.asking import SCHEMA, SOON, WEATHER
from tests.adapters.ai.others import CLAUDE, HELLO, chat, claude, fault
from tests.support.bedrock import Bedrock, Said

pytest.importorskip("pydantic_ai")

from adapters.ai.pydantic_ai import PydanticModels


def test_a_request_is_said_as_the_provider_wants_it(
    others: PydanticModels, cloud: Bedrock
) -> None:
    cloud.will_say(chat(content="Good day"))
    request = replace(HELLO, system="Be kind.", max_tokens=7, temperature=0.5, stop=("END",))

    reply = others.complete(request, within=SOON)

    body = cloud.heard[0].body
    assert reply.text == "Good day"
    assert reply.finish is Finish.STOP
    assert reply.model == "gpt-4o-2024"
    assert reply.usage == Usage(input=20, output=5, cached=8, reasoning=3)
    assert cloud.heard[0].path == "/v1/chat/completions"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["temperature"], body["stop"]) == (0.5, ["END"])


def test_all_that_goes_in_is_input_cached_or_not(others: PydanticModels, cloud: Bedrock) -> None:
    cloud.will_say(claude({"type": "text", "text": "Hi"}))

    reply = others.complete(replace(HELLO, model=CLAUDE, max_tokens=2_000), within=SOON)

    assert reply.usage == Usage(input=18, output=4, cached=6, cache_written=2)


def test_thoughts_go_back_with_their_signature(others: PydanticModels, cloud: Bedrock) -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "sig"}
    cloud.will_say(claude(thought, {"type": "text", "text": "Hi"}), claude())
    request = replace(
        HELLO,
        model=CLAUDE,
        max_tokens=2_000,
        options={"anthropic_thinking": {"type": "enabled", "budget_tokens": 1024}},
    )

    reply = others.complete(request, within=SOON)
    again = (*HELLO.messages, Message(role="assistant", parts=reply.parts), *HELLO.messages)
    others.complete(replace(request, messages=again), within=SOON)

    assert reply.reasoning == "Hm."
    assert isinstance(reply.parts[0], Reasoning)
    assert cloud.heard[0].body["thinking"]["budget_tokens"] == 1024
    assert cloud.heard[1].body["messages"][1]["content"][0] == thought


@pytest.mark.parametrize(
    ("said", "finish"),
    [("length", Finish.LENGTH), ("content_filter", Finish.REFUSAL), ("stop", Finish.STOP)],
)
def test_why_a_model_stopped_is_told(
    others: PydanticModels, cloud: Bedrock, said: str, finish: Finish
) -> None:
    cloud.will_say(chat(content="x", finish=said))

    reply = others.complete(HELLO, within=SOON)

    assert reply.finish is finish


def test_tools_are_called_and_their_results_go_back(
    others: PydanticModels, cloud: Bedrock
) -> None:
    call = {
        "id": "t1",
        "type": "function",
        "function": {"name": "weather", "arguments": '{"city": "Bern"}'},
    }
    cloud.will_say(chat(tool_calls=[call], finish="tool_calls"), chat(content="Sunny."))
    request = replace(HELLO, tools=(WEATHER,), must_call=True)

    first = others.complete(request, within=SOON)
    result = ToolResult(id="t1", name="weather", content="sun")
    said = (
        *HELLO.messages,
        Message(role="assistant", parts=first.parts),
        Message(role="user", parts=(result,)),
    )
    others.complete(replace(request, messages=said), within=SOON)

    assert first.tool_calls == (ToolCall(id="t1", name="weather", arguments={"city": "Bern"}),)
    assert first.finish is Finish.TOOL_CALLS
    assert cloud.heard[0].body["tool_choice"] == "required"
    assert cloud.heard[1].body["messages"][2]["tool_call_id"] == "t1"
    assert cloud.heard[1].body["messages"][2]["content"] == "sun"


def test_a_model_that_fits_schemas_by_itself_is_asked_to(
    others: PydanticModels, cloud: Bedrock
) -> None:
    cloud.will_say(chat(content='{"mood": "fine"}'))

    reply = others.complete(replace(HELLO, schema=SCHEMA), within=SOON)

    assert reply.text == '{"mood": "fine"}'
    assert cloud.heard[0].body["response_format"]["type"] == "json_schema"


def test_any_other_answers_by_a_tool(others: PydanticModels, cloud: Bedrock) -> None:
    answer = {"type": "tool_use", "id": "t", "name": "answer", "input": {"mood": "fine"}}
    cloud.will_say(claude(answer, stop="tool_use"))
    old = replace(HELLO, model="anthropic:claude-3-opus-x", schema=SCHEMA)

    reply = others.complete(old, within=SOON)

    assert reply.text == '{"mood":"fine"}'
    assert reply.finish is Finish.STOP
    assert cloud.heard[0].body["tools"][0]["name"] == "answer"


def test_pictures_go_along(others: PydanticModels, cloud: Bedrock) -> None:
    cloud.will_say(chat(content="x"))
    parts = (Text(text="What is it?"), Media(content=b"png", media_type="image/png"))

    others.complete(replace(HELLO, messages=(Message(role="user", parts=parts),)), within=SOON)

    content = cloud.heard[0].body["messages"][0]["content"]
    assert content[1]["image_url"]["url"] == "data:image/png;base64,cG5n"


def test_a_stream_tells_each_piece_and_the_whole_at_its_end(
    others: PydanticModels, cloud: Bedrock
) -> None:
    pieces: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
        for text in ("Go", "od")
    ]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {
        "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    frame = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    cloud.will_say(Said(lines=[{**frame, **each} for each in (*pieces, last, usage)] + ["[DONE]"]))

    deltas = [*others.stream(HELLO, within=SOON)]

    assert deltas[:-1] == [Delta(text="Go"), Delta(text="od")]
    assert deltas[-1].reply is not None
    assert deltas[-1].reply.text == "Good"
    assert deltas[-1].reply.usage == Usage(input=3, output=4)


def test_a_stream_that_is_refused_says_so(others: PydanticModels, cloud: Bedrock) -> None:
    cloud.will_say(fault(429))

    with pytest.raises(ModelBusyError):
        [*others.stream(HELLO, within=SOON)]


def test_vectors_come_in_the_order_of_their_texts(others: PydanticModels, cloud: Bedrock) -> None:
    data = [{"object": "embedding", "index": nth, "embedding": [float(nth)]} for nth in (0, 1)]
    usage = {"prompt_tokens": 6, "total_tokens": 6}
    cloud.will_say(
        Said(
            body={
                "object": "list",
                "model": "text-embedding-3-small",
                "data": data,
                "usage": usage,
            }
        )
    )
    request = EmbedRequest(
        model="openai:text-embedding-3-small", texts=("one", "two"), dimensions=1
    )

    reply = others.embed(request, within=SOON)

    assert reply.vectors == ((0.0,), (1.0,))
    assert reply.usage == Usage(input=6)
    assert cloud.heard[0].body["dimensions"] == 1
