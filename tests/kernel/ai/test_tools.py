"""Tools: what a model wants called is called, and what cannot be is told to it."""

import pytest

from adapters.memory import ScriptedModel
from kernel.authoring import Fatal, ModelReply, ToolCall
from kernel.errors import AnswerMisfitError, InvalidInputError
from kernel.model.message import Finish, ToolResult
from tests.kernel.ai.desks import COST, MODEL, Office, reply


def test_tools_are_called_until_there_is_an_answer() -> None:
    def height(of: str) -> int:
        """Return metres."""
        return {"Etna": 3_403}[of]

    def call(of: str) -> ModelReply:
        wanted = ToolCall(id=of, name="height", arguments={"of": of})
        return reply(wanted, finish=Finish.TOOL_CALLS)

    office = Office(ScriptedModel(call("Etna"), call("Olymp"), reply("3,403 m.")))

    found = office.ai.generate_text("How high?", tools=[height], model=MODEL)

    last = office.model.asked[-1]
    results = [part for m in last.messages for part in m.parts if isinstance(part, ToolResult)]
    assert (found.text, found.cost, len(found.tool_calls)) == ("3,403 m.", 3 * COST, 2)
    assert [(each.content, each.failed) for each in results] == [
        ("3403", False),
        ("KeyError: 'Olymp'", True),
    ]
    assert last.tools[0].description == "Return metres."
    assert "of" in last.tools[0].parameters["properties"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (ToolCall(id="1", name="depth", arguments={}), "There is no tool 'depth', only height"),
        (ToolCall(id="1", name="height", arguments={"at": 1}), "The arguments do not fit"),
        (ToolCall(id="1", name="height", arguments=[1]), "The arguments must be an object"),
    ],
)
def test_a_call_that_cannot_be_made_is_told_to_the_model(wanted: ToolCall, told: str) -> None:
    def height(of: str) -> int:
        return 1

    office = Office(ScriptedModel(reply(wanted), "I see."))

    office.ai.generate_text("How high?", tools=[height], model=MODEL)

    result = office.model.asked[-1].messages[-1].parts[0]
    assert isinstance(result, ToolResult)
    assert result.failed
    assert told in result.content


def test_a_tool_may_end_the_stage() -> None:
    def stop() -> str:
        raise Fatal("Enough.")

    office = Office(ScriptedModel(reply(ToolCall(id="1", name="stop", arguments={}))))

    with pytest.raises(Fatal):
        office.ai.generate_text("Go.", tools=[stop], model=MODEL)


def test_a_model_that_never_stops_calling_is_stopped() -> None:
    def look() -> str:
        return "nothing"

    wanted = reply(ToolCall(id="1", name="look", arguments={}))
    office = Office(ScriptedModel(script=lambda _: wanted))

    with pytest.raises(AnswerMisfitError, match="after 3 rounds"):
        office.ai.generate_text("Go.", tools=[look], rounds=3, model=MODEL)


def test_what_is_no_function_can_be_no_tool() -> None:
    with pytest.raises(InvalidInputError, match="can be no tool"):
        Office().ai.generate_text("Go.", tools=[object()], model=MODEL)
