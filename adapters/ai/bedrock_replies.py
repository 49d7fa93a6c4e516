"""What Bedrock's Converse answers, in our words; whole or by and by."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.ai.bedrock_requests import ANSWER, FIELD, REDACTED, WRAPPED_ANSWER
from kernel.model.message import (
    Delta,
    Finish,
    ModelReply,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)

_FINISHES: Final = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "guardrail_intervened": Finish.REFUSAL,
    "content_filtered": Finish.REFUSAL,
    "refusal": Finish.REFUSAL,
}


def reply_of(answer: Mapping[str, Any]) -> ModelReply:
    """Return the reply that Converse's *answer* is."""
    blocks = answer.get("output", {}).get("message", {}).get("content", [])
    parts = tuple(part for block in blocks for part in _parts(block))
    finish = _FINISHES.get(answer.get("stopReason", ""), Finish.OTHER)
    if finish is Finish.TOOL_CALLS and not any(isinstance(part, ToolCall) for part in parts):
        # The only tool that was called is the one by which it answers.
        finish = Finish.STOP
    return ModelReply(parts=parts, usage=_usage(answer.get("usage", {})), finish=finish)


def _parts(block: Mapping[str, Any]) -> list[Part]:
    match block:
        case {"text": str(text)}:
            return [Text(text=text)]
        case {"reasoningContent": thought}:
            return [_thought(thought)]
        case {"toolUse": call}:
            return [_call(call)]
    # Citations, pictures and what is yet to come: nobody here asked for them.
    return []


def _thought(thought: Mapping[str, Any]) -> Reasoning:
    if "redactedContent" in thought:
        hidden = base64.b64encode(thought["redactedContent"]).decode()
        return Reasoning(text="", signature=REDACTED + hidden)
    said = thought.get("reasoningText", {})
    return Reasoning(text=said.get("text", ""), signature=said.get("signature"))


def _call(call: Mapping[str, Any]) -> Part:
    arguments = call.get("input")
    if call["name"] == ANSWER:
        return Text(text=_written(arguments))
    if call["name"] == WRAPPED_ANSWER:
        inside = arguments.get(FIELD) if isinstance(arguments, dict) else arguments
        return Text(text=_written(inside))
    return ToolCall(id=call["toolUseId"], name=call["name"], arguments=arguments)


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _usage(usage: Mapping[str, int]) -> Usage:
    """Bedrock counts what is cached beside the rest of the input."""
    cached, written = usage.get("cacheReadInputTokens", 0), usage.get("cacheWriteInputTokens", 0)
    return Usage(
        input=usage.get("inputTokens", 0) + cached + written,
        output=usage.get("outputTokens", 0),
        cached=cached,
        cache_written=written,
    )


class Gathering:
    """An answer that comes in pieces."""

    def __init__(self) -> None:
        self._blocks: dict[int, dict[str, Any]] = {}
        self._stop = ""
        self._usage: Mapping[str, int] | None = None

    def add(self, event: Mapping[str, Any]) -> Delta | None:
        """Take one event; return what it brings for whoever reads along."""
        match event:
            case {"contentBlockStart": {"contentBlockIndex": nth, "start": {"toolUse": call}}}:
                block = {"toolUseId": call["toolUseId"], "name": call["name"], "input": ""}
                self._blocks[nth] = {"toolUse": block}
            case {"contentBlockDelta": {"contentBlockIndex": nth, "delta": delta}}:
                return self._grow(nth, delta)
            case {"messageStop": {"stopReason": reason}}:
                self._stop = reason
            case {"metadata": {"usage": usage}}:
                self._usage = usage
        return None

    @property
    def is_whole(self) -> bool:
        return self._usage is not None and bool(self._stop)

    def reply(self) -> ModelReply:
        content = [_closed(block) for _, block in sorted(self._blocks.items())]
        message = {"role": "assistant", "content": content}
        return reply_of(
            {"output": {"message": message}, "stopReason": self._stop, "usage": self._usage or {}}
        )

    def _grow(self, nth: int, delta: Mapping[str, Any]) -> Delta | None:
        match delta:
            case {"text": str(text)}:
                block = self._blocks.setdefault(nth, {"text": ""})
                block["text"] += text
                return Delta(text=text)
            case {"toolUse": {"input": str(piece)}}:
                call = self._blocks[nth]["toolUse"]
                call["input"] += piece
                return Delta(text=piece) if call["name"] == ANSWER else None
            case {"reasoningContent": thought}:
                return self._think(nth, thought)
        return None

    def _think(self, nth: int, thought: Mapping[str, Any]) -> Delta | None:
        inside = self._blocks.setdefault(nth, {"reasoningContent": {}})["reasoningContent"]
        if "redactedContent" in thought:
            inside["redactedContent"] = thought["redactedContent"]
            return None
        known = inside.setdefault("reasoningText", {"text": ""})
        if "signature" in thought:
            known["signature"] = thought["signature"]
        text = thought.get("text", "")
        known["text"] += text
        return Delta(reasoning=text) if text else None


def _closed(block: dict[str, Any]) -> dict[str, Any]:
    call = block.get("toolUse")
    if call is None:
        return block
    try:
        arguments = json.loads(call["input"] or "{}")
    except ValueError:
        # It was cut off, which `finish` says as well.
        return {"text": call["input"]}
    return {"toolUse": {**call, "input": arguments}}
