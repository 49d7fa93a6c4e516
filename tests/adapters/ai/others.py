"""How other providers speak: OpenAI's chats and Claude's messages."""

from typing import Any, Final

from kernel.model.message import Message, ModelRequest, Text
from tests.support.bedrock import Said

OPENAI: Final = "openai-chat:gpt-4o"
CLAUDE: Final = "anthropic:claude-haiku-4-5"
KEY: Final = "sk-nobody-may-see-this"
HELLO: Final = ModelRequest(
    model=OPENAI, messages=(Message(role="user", parts=(Text(text="Hello"),)),)
)


def chat(*, finish: str = "stop", **message: Any) -> Said:
    said = {"role": "assistant", "content": None, **message}
    return Said(
        body={
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "gpt-4o-2024",
            "choices": [{"index": 0, "message": said, "finish_reason": finish}],
            "usage": {
                "prompt_tokens": 20,
                "completion_tokens": 5,
                "total_tokens": 25,
                "prompt_tokens_details": {"cached_tokens": 8},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
        }
    )


def claude(*content: Any, stop: str = "end_turn") -> Said:
    return Said(
        body={
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "model": "claude-sonnet-4-5",
            "content": [*content],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {
                "input_tokens": 10,
                "output_tokens": 4,
                "cache_read_input_tokens": 6,
                "cache_creation_input_tokens": 2,
            },
        }
    )


def fault(status: int, message: str = "no", **headers: str) -> Said:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status=status, body={"error": {"message": message}}, headers=names)
