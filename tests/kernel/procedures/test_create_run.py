"""Bad input is refused before anything is stored, and says what is wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.memory import MemoryRegistry
from kernel.errors import (
    ConflictError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
)
from kernel.model.payload import Blob, Inline
from kernel.procedures.create_run import CreateRun
from tests.support.turns import LONG_PAGE, pages
from tests.support.world import World


def create(world: World, **given: Any) -> bool:
    asked: dict[str, Any] = {"run_id": "run-1", "workflow_id": "three", "input": {"value": 1}}
    return world.dispatch(CreateRun(**asked | given)).created


def test_a_run_keeps_its_input_as_parsed_and_its_config_merged(world: World) -> None:
    create(world, input={"value": "7"}, config={"second": {"amount": 5}})

    intake = world.persistence.intake("run-1")
    assert intake.input == Inline(value={"value": 7})
    assert intake.config == Inline(
        value={"first": {"amount": 1}, "second": {"amount": 5}, "third": {"amount": 1}}
    )


def test_a_run_knows_the_definition_that_it_was_created_with(world: World) -> None:
    create(world)

    run = world.run("run-1")
    assert run.fingerprint == world.ports.registry.workflow("three").fingerprint
    assert run.created_at == world.now


def test_an_unknown_workflow_is_not_found(world: World) -> None:
    with pytest.raises(NotFoundError, match="'unheard-of'; known are: diamond, failing"):
        create(world, workflow_id="unheard-of")

    assert world.persistence.commits == []


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"input": {"value": "many"}}, r"value: Input should be a valid integer"),
        ({"input": None}, r"does not fit Number"),
        ({"input": {"value": float("nan")}}, r"does not fit Number: value: NaN"),
        ({"config": {"first": {"amount": "many"}}}, r"stage 'first': amount"),
        ({"config": {"fourth": {}}}, r"no stage 'fourth', only first, second, third"),
        ({"config": ["first"]}, r"an object with a key for each stage"),
        ({"priority": 11}, r"priority is 11; give a whole number from 0 to 10"),
        ({"priority": -1}, r"priority is -1"),
        ({"priority": 5.5}, r"priority is 5.5"),
        ({"start_at": datetime(2026, 1, 2)}, r"start_at has no time zone"),  # noqa: DTZ001
        ({"annotations": {str(n): n for n in range(21)}}, r"more than 20 annotations"),
        ({"annotations": {"topic": float("nan")}}, r"annotation 'topic': the value is not JSON"),
        ({"annotations": {"topic": object()}}, r"annotation 'topic': the value is not JSON"),
        ({"annotations": {"topic": "x" * 5_000}}, r"the value is longer than"),
        ({"annotations": {"": 1}}, r"the key must be 1 to 200 printable characters"),
        ({"run_id": "../run-2"}, r"run_id is '\.\./run-2'; give letters, digits"),
        ({"tenant": "x" * 201}, r"tenant is not printable, or longer than 200"),
        ({"budget": Decimal(0)}, r"the budget is none: it is more than nothing"),
        ({"budget": Decimal("NaN")}, r"the budget is none"),
        ({"budget": Decimal("1e10")}, r"at most 1,000,000,000 US dollars, but not 1E\+10"),
        ({"budget": 2.5}, r'it must be written Usd\("2.50"\), and not 2.5'),
        ({"idempotency_key": "a\nb"}, r"the idempotency key is not printable"),
    ],
    ids=lambda given: str(given)[:40],
)
def test_bad_input_is_refused_and_named(world: World, given: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem) as caught:
        create(world, **given)

    assert caught.value.context["problems"]
    assert world.persistence.commits == []
    assert world.transport.sent == []


def test_all_that_is_wrong_is_told_at_once(world: World) -> None:
    with pytest.raises(InvalidInputError) as caught:
        create(world, priority=99, start_at=datetime(2026, 1, 2))  # noqa: DTZ001

    problems = caught.value.context["problems"]
    assert isinstance(problems, list)
    assert len(problems) == 2


@pytest.mark.parametrize("priority", [0, 10])
def test_the_least_and_the_most_priority_are_fine(world: World, priority: int) -> None:
    create(world, priority=priority)

    assert world.run("run-1").priority == priority


def test_a_large_input_lies_in_a_blob_of_its_run(world: World) -> None:
    world.learn(pages)

    create(world, workflow_id="pages", input=LONG_PAGE)

    stored = world.persistence.intake("run-1").input
    assert isinstance(stored, Blob)
    assert stored.key.startswith("runs/run-1/")
    assert stored.size == len(world.blobs.get(stored.key))


def test_a_small_input_needs_no_blob(world: World) -> None:
    create(world)

    assert world.blobs.keys("") == []


@pytest.mark.parametrize(
    "other",
    [
        {"input": {"value": 2}},
        {"input": {"value": "1"}},
        {"config": {"first": {"amount": 1}}},
        {"priority": 6},
        {"tenant": "acme"},
        {"start_at": datetime(2027, 1, 1, tzinfo=UTC)},
        {"annotations": {"topic": "rivers"}},
        {"workflow_id": "fan"},
    ],
    ids=str,
)
def test_a_key_stands_for_one_request_as_it_came_in(world: World, other: dict[str, Any]) -> None:
    create(world, idempotency_key="order-7")

    with pytest.raises(IdempotencyConflictError, match="'order-7'"):
        create(world, run_id="run-2", idempotency_key="order-7", **other)


def test_the_same_key_and_request_give_the_same_run(world: World) -> None:
    create(world, idempotency_key="order-7", start_at=world.now + timedelta(days=1))

    again = world.dispatch(
        CreateRun(
            run_id="run-2",
            workflow_id="three",
            input={"value": 1},
            idempotency_key="order-7",
            start_at=world.now + timedelta(days=1),
        )
    )

    assert (again.run_id, again.created) == ("run-1", False)


def test_an_empty_key_is_no_key(world: World) -> None:
    create(world, idempotency_key="")

    created = create(world, run_id="run-2", idempotency_key="", input={"value": 2})

    assert created
    assert world.persistence.idempotency("run.create", "") is None


def test_a_run_id_that_is_taken_keeps_the_input_of_its_run(world: World) -> None:
    world.learn(pages)
    create(world, workflow_id="pages", input=LONG_PAGE)

    with pytest.raises(ConflictError, match="'run-1' is taken"):
        create(world, workflow_id="pages", input={"text": "z" * 5_000})

    world.finish("run-1")
    assert world.output("run-1", "echo") == LONG_PAGE


def test_a_repeat_leaves_no_blob_of_a_run_that_is_not_made(world: World) -> None:
    world.learn(pages)
    long: dict[str, Any] = {"workflow_id": "pages", "input": LONG_PAGE}
    create(world, **long, idempotency_key="order-7")

    created = create(world, **long, idempotency_key="order-7", run_id="run-2")

    assert not created
    assert world.blobs.keys("runs/run-2/") == []
    assert create(world, **long, idempotency_key="order-7")


def test_a_repeat_is_answered_although_it_would_be_refused_by_now(world: World) -> None:
    create(world, idempotency_key="key")
    narrow = World(ports=replace(world.ports, registry=MemoryRegistry()))

    created = create(narrow, idempotency_key="key", run_id="run-2")

    assert not created
    with pytest.raises(NotFoundError):
        create(narrow, idempotency_key="key", run_id="run-2", priority=7)
