"""What a stage gets back from language models."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from kernel.model.message import Finish, Message, ToolCall, Usage

ValueT_co = TypeVar("ValueT_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class TextResult:
    """An answer.

    Args:
        usage: Of all the calls that it took; the same for *cost*.
        cost: In US dollars; None where nobody knows, which is never 0.
        tool_calls: All that the model asked for on the way.
        messages: The whole conversation with the answer, to go on with.
        model: Which one answered, as its provider says.
    """

    text: str
    reasoning: str
    usage: Usage
    cost: Decimal | None
    finish: Finish
    tool_calls: tuple[ToolCall, ...]
    messages: tuple[Message, ...]
    model: str | None


@dataclass(frozen=True, kw_only=True)
class ObjectResult(Generic[ValueT_co]):
    """An answer that was read as what was asked for; the rest as for `TextResult`.

    Args:
        repairs: How often an answer did not fit, and was sent back.
    """

    value: ValueT_co
    text: str
    reasoning: str
    usage: Usage
    cost: Decimal | None
    finish: Finish
    messages: tuple[Message, ...]
    model: str | None
    repairs: int


@dataclass(frozen=True, kw_only=True)
class CallStats:
    """What calls came to.

    Args:
        calls: Those that ended, well or badly; *failed* of them badly.
        unpriced: Of *calls*: those that nobody knows the price of. They are not in *cost*.
        cost: In US dollars.
    """

    calls: int
    failed: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost: Decimal
