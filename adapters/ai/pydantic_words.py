"""What is said to a model, in pydantic-ai's words, and what it says, in ours."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from pydantic_ai import messages as theirs
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from kernel.model.message import (
    Finish,
    Media,
    Message,
    ModelReply,
    ModelRequest,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)

ANSWER: Final = "answer"
_FINISHES: Final = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "content_filter": Finish.REFUSAL,
    "tool_call": Finish.TOOL_CALLS,
}
# What a provider wants back with a part is carried in the signature of a thought.
_CARRIED: Final = ("id", "signature", "provider_name", "provider_details")


def conversation(request: ModelRequest) -> list[theirs.ModelMessage]:
    said: list[theirs.ModelMessage] = [_message(message) for message in request.messages]
    if request.system:
        system = theirs.SystemPromptPart(content=request.system)
        said.insert(0, theirs.ModelRequest(parts=[system]))
    return said


def settings(request: ModelRequest, *, timeout: float | None) -> ModelSettings:
    """Return them with the options last, which are the provider's own."""
    known = {
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stop_sequences": [*request.stop] or None,
        "timeout": timeout,
        "tool_choice": "required" if request.must_call else None,
        # Whoever asks again must write it down, and know how much time there is.
        "max_retries": 0,
    }
    given = {name: value for name, value in known.items() if value is not None}
    return cast("ModelSettings", {**given, **request.options})


def parameters(request: ModelRequest, model: Model) -> ModelRequestParameters:
    """Return the tools and the schema: fitted by the model itself where it can, else by a tool."""
    tools = [
        ToolDefinition(
            name=tool.name,
            description=tool.description or None,
            parameters_json_schema=dict(tool.parameters),
        )
        for tool in request.tools
    ]
    if request.schema is None:
        return ModelRequestParameters(function_tools=tools)
    schema = dict(request.schema)
    if model.profile.get("supports_json_schema_output"):
        return ModelRequestParameters(
            function_tools=tools,
            output_mode="native",
            output_object=OutputObjectDefinition(json_schema=schema, name=ANSWER),
        )
    answer = ToolDefinition(
        name=ANSWER, description="Give the answer.", parameters_json_schema=schema, kind="output"
    )
    return ModelRequestParameters(
        function_tools=tools, output_mode="tool", output_tools=[answer], allow_text_output=False
    )


def reply_of(response: theirs.ModelResponse) -> ModelReply:
    parts = tuple(part for each in response.parts for part in _parts(each))
    finish = _FINISHES.get(response.finish_reason or "", Finish.OTHER)
    calls = any(isinstance(part, ToolCall) for part in parts)
    if calls and finish is Finish.STOP:
        finish = Finish.TOOL_CALLS
    elif finish is Finish.TOOL_CALLS and not calls:
        # The only tool that was called is the one by which it answers.
        finish = Finish.STOP
    return ModelReply(
        parts=parts, usage=usage_of(response.usage), finish=finish, model=response.model_name
    )


def usage_of(usage: RequestUsage) -> Usage:
    return Usage(
        input=usage.input_tokens,
        output=usage.output_tokens,
        cached=usage.cache_read_tokens,
        cache_written=usage.cache_write_tokens,
        reasoning=usage.output_reasoning_tokens,
    )


def _message(message: Message) -> theirs.ModelMessage:
    if message.role == "assistant":
        return theirs.ModelResponse(parts=[*_said(message.parts)])
    results: list[theirs.ModelRequestPart] = []
    content: list[theirs.UserContent] = []
    for part in message.parts:
        match part:
            case ToolResult():
                results.append(
                    theirs.ToolReturnPart(
                        tool_name=part.name,
                        content=part.content,
                        tool_call_id=part.id,
                        outcome="failed" if part.failed else "success",
                    )
                )
            case Text():
                content.append(part.text)
            case Media():
                content.append(theirs.BinaryContent(data=part.content, media_type=part.media_type))
            case _:
                # A model's own thoughts and calls are never a user's.
                continue
    if content:
        results.append(theirs.UserPromptPart(content=content))
    return theirs.ModelRequest(parts=results)


def _said(parts: Sequence[Part]) -> Iterator[theirs.ModelResponsePart]:
    carried: dict[str, Any] = {}
    for part in parts:
        match part:
            case Text():
                yield theirs.TextPart(content=part.text)
            case Reasoning():
                found = _carried(part.signature)
                if call := found.pop("call", None):
                    carried[call] = found
                else:
                    yield theirs.ThinkingPart(content=part.text, **found)
            case ToolCall():
                yield theirs.ToolCallPart(
                    tool_name=part.name,
                    args=cast("dict[str, Any]", part.arguments),
                    tool_call_id=part.id,
                    **carried.get(part.id, {}),
                )
            case _:
                continue


def _parts(part: theirs.ModelResponsePart) -> Iterator[Part]:
    match part:
        case theirs.TextPart():
            yield Text(text=part.content)
        case theirs.ThinkingPart():
            yield Reasoning(text=part.content, signature=_signature(part))
        case theirs.ToolCallPart(tool_name=name) if name == ANSWER:
            yield Text(text=part.args_as_json_str())
        case theirs.ToolCallPart():
            if signature := _signature(part, call=part.tool_call_id):
                yield Reasoning(text="", signature=signature)
            yield ToolCall(id=part.tool_call_id, name=part.tool_name, arguments=_arguments(part))
        case _:
            # What a provider's own tools did, pictures: nobody here asked for them.
            return


def _arguments(part: theirs.ToolCallPart) -> Any:
    if not isinstance(part.args, str):
        return part.args or {}
    try:
        return json.loads(part.args or "{}")
    except ValueError:
        return part.args


def _signature(part: object, **more: str) -> str | None:
    found = {name: getattr(part, name, None) for name in _CARRIED}
    kept = {name: value for name, value in found.items() if value}
    # Whose it is says nothing where there is nothing else.
    return json.dumps({**kept, **more}) if kept.keys() - {"provider_name"} else None


def _carried(signature: str | None) -> dict[str, Any]:
    try:
        found = json.loads(signature or "{}")
    except ValueError:
        return {}
    known = (*_CARRIED, "call")
    facts: Mapping[str, Any] = found if isinstance(found, dict) else {}
    return {name: value for name, value in facts.items() if name in known}
