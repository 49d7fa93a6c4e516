"""An answer as a type: asked for by its schema, validated, and sent back where it does not fit."""

import json
from typing import Any, Final

from kernel.ai.answers import refuse_useless, summed, total
from kernel.ai.desk import Answered, Desk, Effort
from kernel.authoring.answers import ObjectResult
from kernel.authoring.schema import Schema, problems_in
from kernel.errors import AnswerMisfitError, InvalidInputError
from kernel.model.call import CallKind
from kernel.model.message import Message, ModelReply, ModelRequest, Text

_FENCE: Final = "```"
_TOLD: Final = 10


def asked_for(
    desk: Desk, topic: str, request: ModelRequest, schema: Schema, *, repairs: int, effort: Effort
) -> ObjectResult[Any]:
    """Ask until an answer fits, *repairs* + 1 times at most.

    Raises:
        AnswerMisfitError: None did.
    """
    made: list[Answered] = []
    problems: list[str] = []
    for _ in range(repairs + 1):
        made.append(desk.complete(topic, request, kind=CallKind.OBJECT, effort=effort))
        reply = made[-1].reply
        refuse_useless(request, reply, partial=False)
        try:
            value = read(reply.text, schema)
        except InvalidInputError as error:
            problems = problems_in(error)
            request = _sent_back(request, reply, problems)
        else:
            return _result(request, made, value)
    message = (
        f"No answer of {request.model!r} fits what was asked for, in {len(made)} tries:"
        f" {'; '.join(problems[:_TOLD])}."
    )
    raise AnswerMisfitError(message, model=request.model, problems=problems)


def read(text: str, schema: Schema) -> Any:
    """Return *text* as the type; a fence of Markdown around it is no fault.

    Raises:
        InvalidInputError: It is not JSON, or does not fit.
    """
    text = text.strip()
    if text.startswith(_FENCE) and text.endswith(_FENCE):
        text = text.removeprefix(_FENCE).removesuffix(_FENCE).removeprefix("json").strip()
    try:
        value = json.loads(text)
    except ValueError as error:
        problem = f"it is not JSON: {error}"
        raise InvalidInputError(
            f"The answer is of no use: {problem}.", problems=[problem]
        ) from None
    return schema.parse(value)


def _sent_back(request: ModelRequest, reply: ModelReply, problems: list[str]) -> ModelRequest:
    listed = "\n".join(f"- {problem}" for problem in problems[:_TOLD])
    words = (
        f"That does not fit the schema:\n{listed}\n"
        "Answer again, with JSON that fits, and nothing else."
    )
    said = reply.parts or (Text(text="(nothing)"),)
    messages = (
        *request.messages,
        Message(role="assistant", parts=said),
        Message(role="user", parts=(Text(text=words),)),
    )
    return ModelRequest(**{**vars(request), "messages": messages})


def _result(request: ModelRequest, made: list[Answered], value: Any) -> ObjectResult[Any]:
    reply = made[-1].reply
    return ObjectResult(
        value=value,
        text=reply.text,
        reasoning=reply.reasoning,
        usage=summed([each.reply.usage for each in made]),
        cost=total([each.cost for each in made]),
        finish=reply.finish,
        messages=(*request.messages, Message(role="assistant", parts=reply.parts)),
        model=reply.model,
        repairs=len(made) - 1,
    )
