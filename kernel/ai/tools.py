"""Functions that a model may have called, until it has no more to call."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError, validate_call

from kernel.ai.desk import Answered, Desk, Effort
from kernel.authoring.verdict import Fatal, RetryAfter
from kernel.errors import AnswerMisfitError, EngineError, InvalidInputError
from kernel.model.call import CallKind
from kernel.model.json import canonical
from kernel.model.message import Message, ModelRequest, ToolCall, ToolResult, ToolSpec

_LONGEST = 20_000


def talked(
    desk: Desk,
    topic: str,
    request: ModelRequest,
    tools: Sequence[Callable[..., Any]],
    *,
    rounds: int,
    effort: Effort,
) -> tuple[ModelRequest, list[Answered], list[ToolCall]]:
    """Ask, carry out what the model wants called, and ask again, *rounds* times at most.

    Raises:
        AnswerMisfitError: It still wants something called then.
        InvalidInputError: A tool is none.
    """
    request = replace(request, tools=tuple(map(specified, tools)))
    known = {tool.__name__: tool for tool in tools}
    answers: list[Answered] = []
    called: list[ToolCall] = []
    for _ in range(rounds):
        answers.append(desk.complete(topic, request, kind=CallKind.TEXT, effort=effort))
        reply = answers[-1].reply
        if not reply.tool_calls:
            return request, answers, called
        called += reply.tool_calls
        results = tuple(_carried_out(call, known) for call in reply.tool_calls)
        messages = (
            *request.messages,
            Message(role="assistant", parts=reply.parts),
            Message(role="user", parts=results),
        )
        request = replace(request, messages=messages)
    message = f"{request.model!r} still calls tools after {rounds} rounds."
    raise AnswerMisfitError(message, model=request.model)


def specified(tool: Callable[..., Any]) -> ToolSpec:
    """Return what a model is told of *tool*.

    Raises:
        InvalidInputError: It is no function whose annotations say what it takes.
    """
    if inspect.iscoroutinefunction(tool):
        problem = f"{tool!r} can be no tool: it is async, and tools are called beside the loop."
        raise InvalidInputError(problem, problems=[problem])
    try:
        schema = TypeAdapter(validate_call(tool)).json_schema()
        name = tool.__name__
    except Exception as error:
        problem = f"{tool!r} can be no tool: {error}"
        raise InvalidInputError(problem, problems=[problem]) from error
    description = inspect.getdoc(tool) or name.replace("_", " ")
    return ToolSpec(name=name, description=description, parameters=schema)


def _carried_out(call: ToolCall, known: dict[str, Callable[..., Any]]) -> ToolResult:
    """Return what the tool said. Its trouble is the model's to deal with, but for the engine's."""
    tool = known.get(call.name)
    if tool is None:
        return _result(
            call, f"There is no tool {call.name!r}, only {', '.join(known)}.", failed=True
        )
    if not isinstance(call.arguments, dict):
        return _result(call, "The arguments must be an object.", failed=True)
    try:
        made = validate_call(tool)(**call.arguments)
    except (EngineError, Fatal, RetryAfter):
        raise
    except ValidationError as error:
        return _result(call, f"The arguments do not fit: {error}", failed=True)
    except Exception as error:  # noqa: BLE001 - a tool may raise anything, and the model go on
        return _result(call, f"{type(error).__name__}: {error}", failed=True)
    return _result(call, _text(made))


def _result(call: ToolCall, content: str, *, failed: bool = False) -> ToolResult:
    return ToolResult(id=call.id, name=call.name, content=content[:_LONGEST], failed=failed)


def _text(made: Any) -> str:
    if isinstance(made, str):
        return made
    return canonical(TypeAdapter(Any).dump_python(made, mode="json"))
