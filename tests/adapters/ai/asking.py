"""What the tests of providers ask for."""

from datetime import timedelta
from typing import Final

from kernel.model.json import Json
from kernel.model.message import Message, ModelRequest, Text, ToolSpec

MODEL: Final = "bedrock:eu.amazon.nova-lite-v1:0"
SOON: Final = timedelta(seconds=20)
HELLO: Final = ModelRequest(
    model=MODEL, messages=(Message(role="user", parts=(Text(text="Hello"),)),)
)
SCHEMA: Final[dict[str, Json]] = {"type": "object", "properties": {"mood": {"type": "string"}}}
WEATHER: Final = ToolSpec(name="weather", description="", parameters={"type": "object"})
