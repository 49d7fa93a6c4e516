"""What is said to a language model, and what it says: the same for every provider.

Plain frozen data, so that it can be stored, compared and sent to another process.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from kernel.model.json import Json


@dataclass(frozen=True, kw_only=True)
class Text:
    text: str
    type: Literal["text"] = "text"


@dataclass(frozen=True, kw_only=True)
class Media:
    """An image, a document, a sound: its bytes, and of which type (`image/png`)."""

    content: bytes = field(repr=False)
    media_type: str
    name: str | None = None
    type: Literal["media"] = "media"


@dataclass(frozen=True, kw_only=True)
class Reasoning:
    """What a model thought aloud. *signature* is the provider's, to be handed back unchanged."""

    text: str
    signature: str | None = None
    type: Literal["reasoning"] = "reasoning"


@dataclass(frozen=True, kw_only=True)
class ToolCall:
    """The model wants a tool called, with *arguments* that it means to fit its parameters."""

    id: str
    name: str
    arguments: Json
    type: Literal["tool_call"] = "tool_call"


@dataclass(frozen=True, kw_only=True)
class ToolResult:
    """What the tool returned, as text."""

    id: str
    name: str
    content: str
    failed: bool = False
    type: Literal["tool_result"] = "tool_result"


Part: TypeAlias = Text | Media | Reasoning | ToolCall | ToolResult


@dataclass(frozen=True, kw_only=True)
class Message:
    role: Literal["user", "assistant"]
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True)
class ToolSpec:
    """A tool as a model knows it. *parameters* is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """One request.

    Args:
        model: `<provider>:<name>`, such as `bedrock:amazon.nova-lite-v1:0`.
        schema: A JSON schema that the answer's text must fit; None for free text.
        must_call: A tool must be called, whichever.
        max_tokens: The most that the model may answer; None leaves it to the provider.
        options: Settings of the provider's own, handed on as they are.
    """

    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    must_call: bool = False
    schema: Mapping[str, Json] | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EmbedRequest:
    """Texts to be made vectors of; *dimensions*: how long, where the model offers a choice."""

    model: str
    texts: tuple[str, ...]
    dimensions: int | None = None
    options: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a provider says a call took, in tokens.

    Args:
        input: All that went in, whatever is cached of it.
        output: All that came out, reasoning as well.
        cached: Of *input*: read from the provider's cache.
        cache_written: Of *input*: written to it.
        reasoning: Of *output*: thought, where the provider tells it apart.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_written: int = 0
    reasoning: int = 0


class Finish(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    REFUSAL = "refusal"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class ModelReply:
    """One answer. *model*: which one answered, as the provider says."""

    parts: tuple[Part, ...]
    usage: Usage
    finish: Finish = Finish.STOP
    model: str | None = None

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


@dataclass(frozen=True, kw_only=True)
class Delta:
    """A piece of an answer that is still coming. The last one holds the whole *reply*."""

    text: str = ""
    reasoning: str = ""
    reply: ModelReply | None = None


@dataclass(frozen=True, kw_only=True)
class EmbedReply:
    """One vector a text, in their order."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage
    model: str | None = None
