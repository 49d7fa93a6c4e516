"""The models of every provider keep their port's promises."""

from collections.abc import Iterator
from typing import Any

import pytest
from boto3.session import Session

from adapters.ai.bedrock import BedrockModels
from kernel.errors import EngineError, ModelBusyError
from kernel.model.message import (
    EmbedRequest,
    Finish,
    ModelReply,
    ModelRequest,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolSpec,
)
from kernel.ports.language_model import LanguageModel
from tests.conformance.language_model import A_WHILE, LanguageModelContract
from tests.support.bedrock import Bedrock, Heard, Said, refusing, saying

LOOK = ToolSpec(name="look", description="Look at it.", parameters={"type": "object"})
STOPS = {Finish.STOP: "end_turn", Finish.LENGTH: "max_tokens", Finish.TOOL_CALLS: "tool_use"}


def vector_of(text: str) -> list[float]:
    return [float(len(text)), float(text.count("i"))]


class TestBedrockModels(LanguageModelContract):
    name = "bedrock:amazon.nova-lite-v1:0"

    @pytest.fixture
    def model(
        self, session: Session, cloud: Bedrock, monkeypatch: pytest.MonkeyPatch
    ) -> LanguageModel:
        self.cloud = cloud
        answer = cloud.answer

        def told(heard: Heard) -> Said:
            if not heard.path.endswith("/invoke"):
                return answer(heard)
            vector = vector_of(heard.body["singleEmbeddingParams"]["text"]["value"])
            counted = {"X-Amzn-Bedrock-Input-Token-Count": "2"}
            return Said(body={"embeddings": [{"embedding": vector}]}, headers=counted)

        monkeypatch.setattr(cloud, "answer", told)
        return BedrockModels(session)

    def will_say(self, reply: ModelReply) -> None:
        usage = {
            "inputTokens": reply.usage.input,
            "outputTokens": reply.usage.output,
            "totalTokens": reply.usage.input + reply.usage.output,
        }
        stop = STOPS[reply.finish]
        blocks = [_block(part) for part in reply.parts]
        whole = saying(*blocks, stop=stop, usage=usage)
        events = [("messageStart", {"role": "assistant"})]
        for nth, part in enumerate(reply.parts):
            events.extend(_pieces(nth, part))
        ended = ("messageStop", {"stopReason": stop})
        counted = ("metadata", {"usage": usage, "metrics": {"latencyMs": 1}})
        self.cloud.will_say(Said(body=whole.body, events=[*events, ended, counted]))

    def will_raise(self, error: EngineError) -> None:
        assert isinstance(error, ModelBusyError)
        self.cloud.will_say(refusing("ThrottlingException", status=429))


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"text": text}
        case Reasoning(text=text):
            return {"reasoningContent": {"reasoningText": {"text": text}}}
        case ToolCall():
            call = {"toolUseId": part.id, "name": part.name, "input": part.arguments}
            return {"toolUse": call}
    raise AssertionError(part)


def _pieces(nth: int, part: Part) -> Iterator[tuple[str, Any]]:
    match part:
        case Text(text=text):
            for letter in text:
                yield _delta(nth, {"text": letter})
        case Reasoning(text=text):
            yield _delta(nth, {"reasoningContent": {"text": text}})
        case ToolCall():
            start = {"toolUse": {"toolUseId": part.id, "name": part.name}}
            yield "contentBlockStart", {"contentBlockIndex": nth, "start": start}
            for piece in ('{"at": ', '"it"}'):
                yield _delta(nth, {"toolUse": {"input": piece}})


def _delta(nth: int, delta: Any) -> tuple[str, Any]:
    return "contentBlockDelta", {"contentBlockIndex": nth, "delta": delta}


class TestPydanticModels(LanguageModelContract):
    name = "anthropic:claude-haiku-4-5"

    @pytest.fixture
    def model(self, others: LanguageModel, cloud: Bedrock) -> LanguageModel:
        self.cloud = cloud
        return others

    def asking(self, **more: Any) -> ModelRequest:
        return super().asking(**{"max_tokens": 2_000, "tools": (LOOK,), **more})

    def will_say(self, reply: ModelReply) -> None:
        usage = {"input_tokens": reply.usage.input, "output_tokens": reply.usage.output}
        blocks = [_claudes(part) for part in reply.parts]
        message = {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-4-5",
            "content": blocks,
            "stop_reason": STOPS[reply.finish],
            "stop_sequence": None,
            "usage": usage,
        }
        begun = {**message, "content": [], "stop_reason": None}
        lines: list[Any] = [{"type": "message_start", "message": begun}]
        for nth, part in enumerate(reply.parts):
            lines.extend({**each, "index": nth} for each in _claudes_pieces(part))
        ended = {"stop_reason": STOPS[reply.finish], "stop_sequence": None}
        lines.append({"type": "message_delta", "delta": ended, "usage": usage})
        lines.append({"type": "message_stop"})
        self.cloud.will_say(Said(body=message, lines=lines))

    def will_raise(self, error: EngineError) -> None:
        assert isinstance(error, ModelBusyError)
        self.cloud.will_say(Said(status=529, body={"error": {"type": "overloaded_error"}}))

    def test_each_text_has_a_vector_and_the_same_text_the_same(self, model: LanguageModel) -> None:
        texts = ("a river", "a hill", "a river")
        data = [
            {"object": "embedding", "index": nth, "embedding": vector_of(text)}
            for nth, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": 6, "total_tokens": 6}
        name = "text-embedding-3-small"
        self.cloud.will_say(
            Said(body={"object": "list", "model": name, "data": data, "usage": usage})
        )

        made = model.embed(EmbedRequest(model=f"openai:{name}", texts=texts), within=A_WHILE)

        assert made.vectors == tuple(tuple(vector_of(text)) for text in texts)
        assert made.usage.input == 6


def _claudes(part: Part) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"type": "text", "text": text}
        case Reasoning(text=text):
            return {"type": "thinking", "thinking": text, "signature": "s"}
        case ToolCall():
            return {
                "type": "tool_use",
                "id": part.id,
                "name": part.name,
                "input": part.arguments,
            }
    raise AssertionError(part)


def _claudes_pieces(part: Part) -> Iterator[dict[str, Any]]:
    block = _claudes(part)
    match part:
        case Text(text=text):
            empty, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": text}]
        case Reasoning(text=text):
            empty = {**block, "thinking": "", "signature": ""}
            thought = {"type": "thinking_delta", "thinking": text}
            deltas = [thought, {"type": "signature_delta", "signature": "s"}]
        case _:
            empty = {**block, "input": {}}
            deltas = [{"type": "input_json_delta", "partial_json": '{"at": "it"}'}]
    yield {"type": "content_block_start", "content_block": empty}
    for delta in deltas:
        yield {"type": "content_block_delta", "delta": delta}
    yield {"type": "content_block_stop"}
