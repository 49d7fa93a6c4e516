"""What lies in the blob store between two processes comes back as it was."""

import json
from datetime import UTC, datetime

from kernel.ai.batch_wire import (
    json_lines,
    records_of,
    request_of,
    request_wire,
    ticket_of,
    ticket_wire,
)
from kernel.model.message import (
    Media,
    Message,
    ModelRequest,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from kernel.ports.batch_model import BatchTicket


def test_a_request_with_everything_in_it_comes_back() -> None:
    call = ToolCall(id="1", name="look", arguments={"at": ["a", None]})
    said = (Reasoning(text="Hm.", signature="s"), call)
    request = ModelRequest(
        model="scripted:one",
        messages=(
            Message(
                role="user",
                parts=(Text(text="ü\u2028"), Media(content=b"\x00\xff", media_type="image/png")),
            ),
            Message(role="assistant", parts=said),
            Message(role="user", parts=(ToolResult(id="1", name="look", content="no"),)),
        ),
        system="Be brief.",
        tools=(ToolSpec(name="look", description="Looks.", parameters={"type": "object"}),),
        must_call=True,
        schema={"type": "object"},
        max_tokens=7,
        temperature=0.0,
        stop=("END",),
        options={"top_k": 3},
    )

    wire = json.loads(json.dumps(request_wire(request)))

    assert request_of(wire) == request


def test_a_request_with_next_to_nothing_in_it_comes_back() -> None:
    messages = (Message(role="user", parts=(Text(text=""),)),)
    request = ModelRequest(model="scripted:one", messages=messages)

    wire = request_wire(request)

    assert request_of(wire) == request


def test_a_ticket_comes_back() -> None:
    at = datetime(2026, 1, 1, 12, 0, 0, 1_000, tzinfo=UTC)
    ticket = BatchTicket(name="n", model="m", handle={"arn": "a"}, submitted_at=at)

    wire = json.loads(json.dumps(ticket_wire(ticket)))

    assert ticket_of(wire) == ticket


def test_lines_end_where_records_do_and_nowhere_else() -> None:
    records = ['{"text":"a\u2028b\u0085c"}', '{"text":"\\n"}']

    found = [*records_of(json_lines(records))]

    assert found == [{"text": "a\u2028b\u0085c"}, {"text": "\n"}]
