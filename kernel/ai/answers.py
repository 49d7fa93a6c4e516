"""From a reply to what a stage gets: refusals and cut-off answers are errors here."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kernel.ai.desk import Answered
from kernel.authoring.ai import Prompt
from kernel.authoring.answers import TextResult
from kernel.errors import AnswerCutOffError, InvalidInputError, ModelRefusedError
from kernel.model.message import (
    Finish,
    Media,
    Message,
    ModelReply,
    ModelRequest,
    Text,
    ToolCall,
    Usage,
)


def conversation(prompt: Prompt, media: Sequence[Media] = ()) -> tuple[Message, ...]:
    """Return *prompt* as messages; *media* go with a prompt that is a text.

    Raises:
        InvalidInputError: There is nothing to say, or media beside a conversation.
    """
    if isinstance(prompt, str):
        said = (Text(text=prompt),) if prompt else ()
        messages: tuple[Message, ...] = (Message(role="user", parts=(*media, *said)),)
    else:
        messages = tuple(prompt)
        if media:
            raise InvalidInputError("Media go into the messages of a conversation.", problems=[])
    if not messages or not all(message.parts for message in messages):
        raise InvalidInputError(
            "There is nothing to ask the model: a message is empty.", problems=[]
        )
    return messages


def request_of(messages: tuple[Message, ...], wishes: dict[str, Any], **more: Any) -> ModelRequest:
    return ModelRequest(
        model=wishes["model"],
        messages=messages,
        system=wishes.get("system"),
        max_tokens=wishes.get("max_tokens"),
        temperature=wishes.get("temperature"),
        stop=tuple(wishes.get("stop", ())),
        options=dict(wishes.get("options", {})),
        **more,
    )


def refuse_useless(request: ModelRequest, reply: ModelReply, *, partial: bool) -> None:
    """Raise where the model declined, or did not come to an end.

    Raises:
        ModelRefusedError: It declined, or a filter did.
        AnswerCutOffError: The answer is not whole, and *partial* ones are not wanted.
    """
    model = request.model
    if reply.finish is Finish.REFUSAL:
        words = reply.text.strip()[:200] or "it gave no reason"
        raise ModelRefusedError(f"{model!r} declined to answer: {words}", model=model)
    if reply.finish is Finish.LENGTH and not partial:
        message = (
            f"The answer of {model!r} was cut off after {reply.usage.output:,} tokens. Allow more"
            " with max_tokens, ask for less, or take it as it is with partial=True."
        )
        raise AnswerCutOffError(message, model=model)


def summed(usages: Sequence[Usage]) -> Usage:
    """Return what they come to together. No price follows from that: each call has its own."""
    return Usage(
        input=sum(usage.input for usage in usages),
        output=sum(usage.output for usage in usages),
        cached=sum(usage.cached for usage in usages),
        cache_written=sum(usage.cache_written for usage in usages),
        reasoning=sum(usage.reasoning for usage in usages),
    )


def total(costs: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum; None where one is not known."""
    known = [cost for cost in costs if cost is not None]
    return sum(known, start=Decimal(0)) if len(known) == len(costs) else None


def text_result(
    request: ModelRequest, answers: Sequence[Answered], calls: Sequence[ToolCall] = ()
) -> TextResult:
    reply = answers[-1].reply
    return TextResult(
        text=reply.text,
        reasoning=reply.reasoning,
        usage=summed([each.reply.usage for each in answers]),
        cost=total([each.cost for each in answers]),
        finish=reply.finish,
        tool_calls=tuple(calls),
        messages=(*request.messages, Message(role="assistant", parts=reply.parts)),
        model=reply.model,
    )
