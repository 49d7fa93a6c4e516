"""How much a request may come to, before anybody has counted its tokens.

Providers count differently; four characters a token is what OpenAI's documentation gives as a
rule of thumb for English. It decides how much of a budget is held back, and nothing else.
"""

from collections.abc import Iterable
from math import ceil
from typing import Final

from kernel.model.json import canonical
from kernel.model.message import (
    EmbedRequest,
    Media,
    Message,
    ModelRequest,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)

CHARACTERS_A_TOKEN: Final = 4
# What an answer may come to where nobody said how long it may be.
USUAL_ANSWER: Final = 1_024
# A picture of usual size, or a page of a document.
MEDIUM: Final = 1_600


def of_request(request: ModelRequest) -> Usage:
    """Return what *request* may take."""
    words = [request.system or "", canonical(dict(request.schema)) if request.schema else ""]
    words += [canonical(dict(tool.parameters)) + tool.description for tool in request.tools]
    media = sum(isinstance(part, Media) for part in _parts(request.messages))
    words += [_words(part) for part in _parts(request.messages)]
    return Usage(
        input=tokens("".join(words)) + MEDIUM * media,
        output=request.max_tokens or USUAL_ANSWER,
    )


def of_texts(request: EmbedRequest) -> Usage:
    return Usage(input=sum(map(tokens, request.texts)))


def tokens(text: str) -> int:
    return ceil(len(text) / CHARACTERS_A_TOKEN)


def _parts(messages: Iterable[Message]) -> Iterable[Part]:
    return (part for message in messages for part in message.parts)


def _words(part: Part) -> str:
    match part:
        case Text(text=text) | Reasoning(text=text):
            return text
        case ToolCall(arguments=arguments):
            return canonical(arguments)
        case ToolResult(content=content):
            return content
        case Media():
            return ""
