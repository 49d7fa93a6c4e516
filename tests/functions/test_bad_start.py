"""A deployment with a mistake in it: no function starts, and it says in one sentence why.

Each is started as Lambda does, by the runtime client, which takes no event before the start is
done. So a bell is not in its hands yet, and its queue hands it out again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, cast

import pytest

from adapters.aws.errors import DeniedError
from adapters.dynamodb.layout import LayoutError
from functions import wiring, worker
from kernel.ports.persistence import Persistence
from tests.functions.samples import FakeContext, sample
from tests.functions.test_settings import GOOD
from tests.support.one_answer import denying, one_answer, with_layout
from tests.support.runtime_api import Told, function, runtime_api
from tests.support.world import World

ROOT: Final = Path(__file__).parents[2]
WAYS_IN: Final = ("functions.worker.handler", "functions.tick.handler", "functions.api.handler")
TABLE_ARN: Final = "arn:aws:dynamodb:us-east-1:123456789012:table/headrace"
FAILS_AT_START: Final = "/2018-06-01/runtime/init/error"
DEFINES: Final = """
from pydantic import BaseModel
from kernel.authoring import StageContext, stage, workflow

class Guest(BaseModel):
    name: str = "world"

@stage
def greet(ctx: StageContext[Guest, None]) -> Guest:
    return ctx.input

same = workflow("same", input=Guest).pipe(greet).build()
"""

# Starts a handler in an environment, and returns what it says and whether it asked for an event.
Start = Callable[[str, Mapping[str, str]], tuple[Told, bool]]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as closing:
        api = closing.enter_context(runtime_api())

        def begin(handler: str, environment: Mapping[str, str]) -> tuple[Told, bool]:
            api.events.put(sample("sqs_job.json"))
            closing.enter_context(function(api, handler, root=ROOT, environment=environment))
            return api.hear(), bool(api.asked_at)

        yield begin


@pytest.fixture
def table() -> Iterator[Mapping[str, str]]:
    """The environment of a deployment in which there is nothing wrong."""
    with one_answer(with_layout(1)) as address:
        yield {**GOOD, "AWS_ENDPOINT_URL_DYNAMODB": address}


def refused(said: Told, *, asked: bool) -> str:
    """Return why it did not start."""
    assert said.path == FAILS_AT_START
    assert not asked
    return str(said.body["errorMessage"])


@pytest.mark.parametrize("handler", WAYS_IN)
def test_a_variable_that_is_missing_is_named_and_no_event_is_taken(
    start: Start, table: Mapping[str, str], handler: str
) -> None:
    without = {name: value for name, value in table.items() if name != "HEADRACE_BUCKET"}

    said, asked = start(handler, without)

    assert refused(said, asked=asked) == (
        "The environment is not as template.yaml makes it: HEADRACE_BUCKET is missing."
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HEADRACE_RETENTION_DAYS", "a month"), ("POWERTOOLS_LOG_LEVEL", "LOUD")],
)
def test_a_variable_that_is_malformed_is_named_with_its_value(
    start: Start, table: Mapping[str, str], variable: str, value: str
) -> None:
    said, asked = start(WAYS_IN[0], {**table, variable: value})

    assert f"{variable} is '{value}', but " in refused(said, asked=asked)


@pytest.mark.parametrize("handler", WAYS_IN)
def test_a_package_that_is_not_there_is_named_and_no_event_is_taken(
    start: Start, table: Mapping[str, str], handler: str
) -> None:
    said, asked = start(handler, {**table, "HEADRACE_WORKFLOWS": "no_such_package"})

    assert refused(said, asked=asked).startswith(
        "The workflow module 'no_such_package' cannot be imported: ModuleNotFoundError"
    )


@pytest.mark.parametrize(
    ("modules", "sentence"),
    [
        ({"ill": "import nonesuch"}, "The workflow module 'given.ill' cannot be imported: Mod"),
        (
            {"one": "DEFINES", "two": "DEFINES"},
            "Two workflows have the id 'same', one in 'given.one' and one in 'given.two'; rename",
        ),
        ({"none": ""}, "'given' defines no workflow; HEADRACE_WORKFLOWS must name a package"),
    ],
    ids=["broken", "doubled", "empty"],
)
def test_a_package_that_cannot_be_loaded_is_named_and_no_event_is_taken(
    start: Start,
    table: Mapping[str, str],
    tmp_path: Path,
    modules: Mapping[str, str],
    sentence: str,
) -> None:
    (tmp_path / "given").mkdir()
    for name, text in {"__init__": "", **modules}.items():
        written = text.replace("DEFINES", DEFINES)
        (tmp_path / "given" / f"{name}.py").write_text(written, encoding="utf-8")
    given = {**table, "HEADRACE_WORKFLOWS": "given", "PYTHONPATH": str(tmp_path)}

    said, asked = start(WAYS_IN[0], given)

    assert refused(said, asked=asked).startswith(sentence)


@pytest.mark.parametrize("handler", WAYS_IN)
def test_a_table_of_another_layout_is_left_alone_and_no_event_is_taken(
    start: Start, handler: str
) -> None:
    with one_answer(with_layout(2)) as address:
        said, asked = start(handler, {**GOOD, "AWS_ENDPOINT_URL_DYNAMODB": address})

    assert refused(said, asked=asked) == (
        "The table 'headrace' has layout 2, and this version of Headrace knows layout 1:"
        " deploy a version that goes with the table, or set HEADRACE_TABLE to another one."
    )


@pytest.mark.parametrize("handler", WAYS_IN)
def test_a_role_that_may_not_read_the_table_is_told_the_action_and_no_event_is_taken(
    start: Start, handler: str
) -> None:
    with one_answer(denying("dynamodb:GetItem", TABLE_ARN)) as address:
        said, asked = start(handler, {**GOOD, "AWS_ENDPOINT_URL_DYNAMODB": address})

    assert refused(said, asked=asked) == (
        "The table 'headrace' is closed to this function: its role must allow"
        f" dynamodb:GetItem on {TABLE_ARN}."
    )


@pytest.mark.parametrize(
    "mistake", [LayoutError("The table has layout 2."), DeniedError("It must allow s3:GetObject.")]
)
def test_a_mistake_that_shows_later_gives_the_bell_back_and_is_told(
    mistake: Exception,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Mistaken:
        def __getattr__(self, name: str) -> Any:
            raise mistake

    amiss = World(ports=replace(world.ports, persistence=cast(Persistence, Mistaken())))
    monkeypatch.setattr(wiring, "kernel", lambda: amiss.kernel)
    event = sample("sqs_job.json")

    response = worker.handler(event, FakeContext())

    assert response["batchItemFailures"] == [
        {"itemIdentifier": record["messageId"]} for record in event["Records"]
    ]
    assert str(mistake) in caplog.text


def test_where_nothing_is_wrong_it_starts_and_takes_the_event(
    start: Start, table: Mapping[str, str]
) -> None:
    said, asked = start(WAYS_IN[0], table)

    assert asked
    assert said.is_answer
