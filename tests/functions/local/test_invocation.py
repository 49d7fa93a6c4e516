"""A handler sees what Lambda would show it."""

import sys
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from functions.local.blueprint import Function
from functions.local.invocation import Lambda, LambdaContext

Handler = Callable[[Any, LambdaContext], Any]


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler, Any], Any]:
    def invoked(handler: Handler, event: Any) -> Any:
        module = ModuleType("greeter")
        vars(module)["handler"] = handler
        monkeypatch.setitem(sys.modules, "greeter", module)
        function = Function(
            name="Greeter", handler="greeter.handler", timeout=timedelta(seconds=9), memory=256
        )
        return Lambda({"Greeter": function}, region="us-east-1").invoke("Greeter", event)

    return invoked


def test_the_context_names_the_function_and_counts_down(
    invoke: Callable[[Handler, Any], Any],
) -> None:
    seen: list[tuple[LambdaContext, int]] = []

    invoke(lambda _, context: seen.append((context, context.get_remaining_time_in_millis())), {})

    [(context, left)] = seen
    assert 8_000 < left <= 9_000
    assert context.function_name == "Greeter"
    assert context.memory_limit_in_mb == 256
    assert context.invoked_function_arn.endswith(":function:Greeter")
    assert context.aws_request_id in context.log_stream_name


def test_events_and_answers_are_json_on_their_way(invoke: Callable[[Handler, Any], Any]) -> None:
    answer = invoke(lambda event, _: {"got": event, 1: (2, 3)}, {"pair": (1, 2)})

    assert answer == {"got": {"pair": [1, 2]}, "1": [2, 3]}


def test_an_answer_that_is_not_json_fails_the_invocation(
    invoke: Callable[[Handler, Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        invoke(lambda _, __: object(), {})

    assert caplog.messages == ["Greeter raised"]
