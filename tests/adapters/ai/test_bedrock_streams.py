"""Answers of Bedrock's that come by and by."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.ai.bedrock import BedrockModels
from kernel.errors import (
    EngineError,
    ModelBusyError,
    ModelRejectedError,
)
from kernel.model.message import (
    Delta,
    Reasoning,
    Text,
    Usage,
)
from tests.adapters.ai.asking import HELLO, SCHEMA, SOON, WEATHER
from tests.support.bedrock import Bedrock, Said


def a_stream(*pieces: tuple[str, Any], stop: str = "end_turn") -> list[tuple[str, Any]]:
    usage = {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7}
    return [
        ("messageStart", {"role": "assistant"}),
        *pieces,
        ("messageStop", {"stopReason": stop}),
        ("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}),
    ]


def piece(delta: Any, nth: int = 0) -> tuple[str, Any]:
    return "contentBlockDelta", {"delta": delta, "contentBlockIndex": nth}


def test_a_stream_tells_each_piece_and_the_whole_at_its_end(
    models: BedrockModels, cloud: Bedrock
) -> None:
    thoughts = [
        piece({"reasoningContent": {"text": "Hm"}}),
        piece({"reasoningContent": {"text": "."}}),
        piece({"reasoningContent": {"signature": "s"}}),
    ]
    cloud.will_say(
        Said(events=a_stream(*thoughts, piece({"text": "Go"}, 1), piece({"text": "od"}, 1)))
    )

    deltas = [*models.stream(HELLO, within=SOON)]

    reply = deltas[-1].reply
    assert deltas[:-1] == [
        Delta(reasoning="Hm"),
        Delta(reasoning="."),
        Delta(text="Go"),
        Delta(text="od"),
    ]
    assert reply is not None
    assert reply.parts == (Reasoning(text="Hm.", signature="s"), Text(text="Good"))
    assert reply.usage == Usage(input=3, output=4)


def test_a_tool_is_called_in_a_stream(models: BedrockModels, cloud: Bedrock) -> None:
    start = {"start": {"toolUse": {"toolUseId": "t", "name": "weather"}}, "contentBlockIndex": 0}
    pieces = [piece({"toolUse": {"input": text}}) for text in ('{"city":', '"Bern"}')]
    cloud.will_say(Said(events=a_stream(("contentBlockStart", start), *pieces, stop="tool_use")))

    *_, last = models.stream(replace(HELLO, tools=(WEATHER,)), within=SOON)

    assert last.reply is not None
    assert last.reply.tool_calls[0].arguments == {"city": "Bern"}


def test_an_answer_by_schema_streams_as_text(models: BedrockModels, cloud: Bedrock) -> None:
    start = {"start": {"toolUse": {"toolUseId": "t", "name": "answer"}}, "contentBlockIndex": 0}
    pieces = [piece({"toolUse": {"input": text}}) for text in ('{"mood":', ' "ok"}')]
    cloud.will_say(Said(events=a_stream(("contentBlockStart", start), *pieces, stop="tool_use")))

    deltas = [*models.stream(replace(HELLO, schema=SCHEMA), within=SOON)]

    assert "".join(delta.text for delta in deltas) == '{"mood": "ok"}'
    assert deltas[-1].reply is not None
    assert deltas[-1].reply.text == '{"mood": "ok"}'


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttlingException", ModelBusyError),
        ("modelStreamErrorException", ModelBusyError),
        ("validationException", ModelRejectedError),
    ],
)
def test_a_stream_may_end_in_an_error(
    models: BedrockModels, cloud: Bedrock, kind: str, error: type[EngineError]
) -> None:
    cloud.will_say(Said(events=[piece({"text": "Go"}), (kind, {"message": "no"})]))
    deltas = models.stream(HELLO, within=SOON)

    first = next(deltas)

    assert first.text == "Go"
    with pytest.raises(error):
        next(deltas)


@pytest.mark.parametrize("breaks_off", [True, False])
def test_a_stream_that_breaks_off_is_no_answer(
    models: BedrockModels, cloud: Bedrock, *, breaks_off: bool
) -> None:
    cloud.will_say(Said(events=[piece({"text": "Go"})], breaks_off=breaks_off))

    with pytest.raises(ModelBusyError):
        [*models.stream(HELLO, within=SOON)]
