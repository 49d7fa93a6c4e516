"""What of prompts and answers goes into the bill: nothing, unless the deployment wants it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kernel.model.message import Message, Reasoning, Text, ToolResult

LONGEST: Final = 2_000
_REDACTED: Final = "[redacted]"


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Whether texts are kept, and what is blotted out of them: matches of *redactions*."""

    keeps: bool = False
    redactions: tuple[str, ...] = ()

    def text(self, text: str) -> str | None:
        """Return what is kept of *text*: redacted first, cut after that."""
        if not self.keeps:
            return None
        for pattern in self.redactions:
            text = re.sub(pattern, _REDACTED, text)
        return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"

    def messages(self, messages: tuple[Message, ...]) -> str | None:
        return self.text("\n".join(_words(messages))) if self.keeps else None


def _words(messages: tuple[Message, ...]) -> Iterator[str]:
    for message in messages:
        for part in message.parts:
            match part:
                case Text(text=text) | Reasoning(text=text):
                    yield text
                case ToolResult(content=content):
                    yield content
                case _:
                    yield f"[{part.type}]"
