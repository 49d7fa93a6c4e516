"""Requests and tickets as JSON: how a batch lies in the blob store between two processes."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from kernel.model.json import canonical
from kernel.model.message import (
    Media,
    Message,
    ModelRequest,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from kernel.ports.batch_model import BatchTicket

_PARTS: Final[Mapping[str, type[Any]]] = {
    "text": Text,
    "media": Media,
    "reasoning": Reasoning,
    "tool_call": ToolCall,
    "tool_result": ToolResult,
}


def request_wire(request: ModelRequest) -> dict[str, Any]:
    """Return *request* as JSON."""
    wire = {name: value for name, value in vars(request).items() if value not in (None, (), {})}
    wire["messages"] = [
        {"role": message.role, "parts": message_wire(message.parts)}
        for message in request.messages
    ]
    if request.tools:
        wire["tools"] = [asdict(tool) for tool in request.tools]
    for name in ("schema", "options"):
        if name in wire:
            wire[name] = dict(wire[name])
    return wire


def request_of(wire: Mapping[str, Any]) -> ModelRequest:
    """Return the request that *wire* was made of."""
    given = dict(wire)
    given["messages"] = tuple(
        Message(role=message["role"], parts=message_of(message["parts"]))
        for message in wire["messages"]
    )
    given["tools"] = tuple(ToolSpec(**tool) for tool in wire.get("tools", ()))
    given["stop"] = tuple(wire.get("stop", ()))
    return ModelRequest(**given)


def message_wire(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """Return what was said as JSON."""
    return [_part_wire(part) for part in parts]


def message_of(wire: Sequence[Mapping[str, Any]]) -> tuple[Part, ...]:
    return tuple(map(_part_of, wire))


def ticket_wire(ticket: BatchTicket) -> dict[str, Any]:
    return {**asdict(ticket), "submitted_at": ticket.submitted_at.isoformat()}


def ticket_of(wire: Mapping[str, Any]) -> BatchTicket:
    at = datetime.fromisoformat(wire["submitted_at"])
    return BatchTicket(**{**wire, "submitted_at": at})


def json_lines(records: Sequence[str]) -> bytes:
    return "".join(f"{record}\n" for record in records).encode("utf-8", "surrogatepass")


def encoded(record: Mapping[str, Any]) -> str:
    return canonical(record)


def records_of(content: bytes) -> Iterator[dict[str, Any]]:
    """Yield the records of one blob."""
    # Not splitlines(): a text may hold other characters that would end a line there.
    for line in content.decode("utf-8", "surrogatepass").split("\n"):
        if line:
            yield json.loads(line)


def _part_wire(part: Part) -> dict[str, Any]:
    wire = asdict(part)
    if isinstance(part, Media):
        wire["content"] = base64.b64encode(part.content).decode("ascii")
    return wire


def _part_of(wire: Mapping[str, Any]) -> Any:
    given = dict(wire)
    if wire["type"] == "media":
        given["content"] = base64.b64decode(wire["content"])
    return _PARTS[wire["type"]](**given)
