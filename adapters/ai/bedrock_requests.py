"""What is said to a model, in the words of Bedrock's Converse."""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from kernel.errors import ModelRejectedError
from kernel.model.json import Json
from kernel.model.message import (
    Media,
    Message,
    ModelRequest,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
)

# Tools that nobody calls: a model that must fit a schema answers by them. Under the second name
# the answer is one field of an object, since a tool's arguments are always an object.
ANSWER: Final = "answer"
WRAPPED_ANSWER: Final = "answer_in_field"
FIELD: Final = "answer"
# How what a provider keeps to itself is carried, in place of a signature.
REDACTED: Final = "redacted:"

_IMAGES: Final = {f"image/{kind}": kind for kind in ("png", "jpeg", "gif", "webp")}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
_VIDEOS: Final = {f"video/{kind}": kind for kind in ("mp4", "webm", "mpeg")}
_SOUNDS: Final = {"audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg"}
_KINDS: Final = (
    ("image", _IMAGES),
    ("document", _DOCUMENTS),
    ("video", _VIDEOS),
    ("audio", _SOUNDS),
)
# Options that Converse itself knows. All others go to the model as they are.
_OWN: Final = (
    *("guardrailConfig", "outputConfig", "performanceConfig", "requestMetadata"),
    *("serviceTier",),
)
_STRUCTURED: Final = "structured_output"
# With these a model thinks, and may then not be forced to call a tool.
_THINKING: Final = ("thinking", "reasoning_config", "reasoningConfig")


def model_id(model: str) -> str:
    """Return Bedrock's name of *model*: without our word for the provider."""
    return model.partition(":")[2]


def conversation(request: ModelRequest) -> dict[str, Any]:
    """Return what Converse takes, but for the model's name.

    Raises:
        ModelRejectedError: Something in it cannot be said to Bedrock.
    """
    said: dict[str, Any] = {"messages": [*_messages(request.messages)], **_options(request)}
    if request.system:
        said["system"] = [{"text": request.system}]
    if settings := _settings(request):
        said["inferenceConfig"] = settings
    if tools := _tools(request):
        said["toolConfig"] = tools
    return said


def _messages(messages: Sequence[Message]) -> Iterator[dict[str, Any]]:
    """Yield them; Bedrock wants the two sides to take turns."""
    for role, together in groupby(messages, key=lambda message: message.role):
        parts = [part for message in together for part in message.parts]
        yield {"role": role, "content": [_block(part, nth) for nth, part in enumerate(parts, 1)]}


def _block(part: Part, nth: int) -> dict[str, Any]:
    match part:
        case Text(text=text):
            return {"text": text}
        case Media():
            return _media(part, nth)
        case Reasoning():
            return {"reasoningContent": _reasoning(part)}
        case ToolCall():
            call = {"toolUseId": part.id, "name": part.name, "input": part.arguments}
            return {"toolUse": call}
        case ToolResult():
            status = "error" if part.failed else "success"
            content = [{"text": part.content}]
            return {"toolResult": {"toolUseId": part.id, "content": content, "status": status}}


def _media(part: Media, nth: int) -> dict[str, Any]:
    for kind, formats in _KINDS:
        if part.media_type in formats:
            block = {"format": formats[part.media_type], "source": {"bytes": part.content}}
            if kind == "document":
                block["name"] = _document_name(part.name or "document", nth)
            return {kind: block}
    known = ", ".join(sorted(name for _, formats in _KINDS for name in formats))
    message = f"Bedrock takes nothing of the type {part.media_type!r}. It takes {known}."
    raise ModelRejectedError(message, media_type=part.media_type)


def _document_name(name: str, nth: int) -> str:
    """Return *name* as Bedrock allows it; no two of one message may be the same."""
    kept = re.sub(r"[^0-9A-Za-z()\[\]-]+", " ", name).strip()
    return f"{kept[:150] or 'document'} {nth}"


def _reasoning(part: Reasoning) -> dict[str, Any]:
    signature = part.signature or ""
    if signature.startswith(REDACTED):
        return {"redactedContent": base64.b64decode(signature.removeprefix(REDACTED))}
    signed = {"signature": signature} if signature else {}
    return {"reasoningText": {"text": part.text, **signed}}


def _settings(request: ModelRequest) -> dict[str, Any]:
    settings = {
        "maxTokens": request.max_tokens,
        "temperature": request.temperature,
        "topP": request.options.get("topP"),
        "stopSequences": [*request.stop] or None,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _options(request: ModelRequest) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: request.options[name] for name in _OWN if name in request.options
    }
    known = (*_OWN, _STRUCTURED, "topP")
    others = {name: value for name, value in request.options.items() if name not in known}
    if others:
        said["additionalModelRequestFields"] = others
    if request.schema is not None and _by_itself(request):
        structure = {"jsonSchema": {"schema": json.dumps(request.schema), "name": ANSWER}}
        said["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    return said


def _by_itself(request: ModelRequest) -> bool:
    """Whether the model is to fit the schema by what it has for that, and not by a tool."""
    return request.options.get(_STRUCTURED) == "native"


def _tools(request: ModelRequest) -> dict[str, Any]:
    specs = [_spec(tool.name, tool.description, tool.parameters) for tool in request.tools]
    answer = None
    if request.schema is not None and not _by_itself(request):
        answer, parameters = _as_tool(request.schema)
        specs.append(_spec(answer, "Give the answer.", parameters))
    if not specs:
        return {}
    return {"tools": specs, "toolChoice": _choice(request, answer)}


def _spec(name: str, description: str, parameters: Mapping[str, Json]) -> dict[str, Any]:
    # Bedrock takes no empty description.
    about = {"description": description} if description else {}
    return {"toolSpec": {"name": name, **about, "inputSchema": {"json": dict(parameters)}}}


def _choice(request: ModelRequest, answer: str | None) -> dict[str, Any]:
    if any(option in request.options for option in _THINKING):
        return {"auto": {}}
    if answer and not request.tools:
        return {"tool": {"name": answer}}
    return {"any": {}} if answer or request.must_call else {"auto": {}}


def _as_tool(schema: Mapping[str, Json]) -> tuple[str, Mapping[str, Json]]:
    if schema.get("type") == "object":
        return ANSWER, schema
    inside = {name: value for name, value in schema.items() if name != "$defs"}
    outside = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    fields: dict[str, Json] = {FIELD: inside}
    return WRAPPED_ANSWER, {
        "type": "object",
        "properties": fields,
        "required": [FIELD],
        **outside,
    }
