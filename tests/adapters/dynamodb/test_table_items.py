"""What goes over the wire: how many calls, which, and what becomes of a refusal on the way."""

from collections import Counter
from typing import Any

import pytest
from pynamodb.connection import Connection
from pynamodb.exceptions import CancellationReason, VerboseClientError

from adapters.dynamodb.persistence import DynamoPersistence, dynamo_persistence
from adapters.memory.clock import SkippingClock
from adapters.memory.entropy import SeededEntropy
from kernel.errors import ConditionFailedError, UnavailableError
from kernel.model.change import CreateStage, equals
from tests.conformance.persistence_ground import (
    completion,
    given_group,
    given_run,
    given_solo,
    running,
)
from tests.support.aws import REGION
from tests.support.builders import a_stage, after, update_run, update_stage


class Wire:
    """Remembers each call, and fails the next ones if told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[Exception] = []
        dispatch = Connection.dispatch

        def listened(connection: Connection, name: str, arguments: dict[str, Any]) -> object:
            self.calls.append((name, arguments))
            if self.failures:
                raise self.failures.pop(0)
            return dispatch(connection, name, arguments)

        patch.setattr(Connection, "dispatch", listened)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


def conflict() -> VerboseClientError:
    return VerboseClientError(
        {"Error": {"Code": "TransactionCanceledException"}},
        "TransactWriteItems",
        cancellation_reasons=[None, CancellationReason(code="TransactionConflict")],
    )


def test_making_it_asks_nothing_of_aws(wire: Wire) -> None:
    dynamo_persistence(
        table="nowhere", region=REGION, clock=SkippingClock(), entropy=SeededEntropy()
    )

    assert wire.calls == []


def test_a_claim_is_one_call(dynamo: DynamoPersistence, wire: Wire) -> None:
    stage = given_solo(dynamo, "run-1")
    wire.calls.clear()

    standing = dynamo.update(update_stage(stage, equals("attempt", 0), **running()))

    assert standing.run is not None
    assert wire.names == ["UpdateItem"]


def test_settling_and_advancing_is_one_call(dynamo: DynamoPersistence, wire: Wire) -> None:
    stage = given_solo(dynamo, "run-1", **running())
    run = dynamo.run("run-1")
    wire.calls.clear()

    dynamo.commit(
        [
            completion(stage),
            update_run(run, cursor=2),
            CreateStage(stage=a_stage(id="count", group=2)),
        ]
    )

    [(name, arguments)] = wire.calls
    assert name == "TransactWriteItems"
    assert [list(item) for item in arguments["TransactItems"]] == [["Put"], ["Update"]]
    assert len(arguments["ClientRequestToken"]) == 36


def test_a_commit_that_touches_one_item_is_no_transaction(
    dynamo: DynamoPersistence, wire: Wire
) -> None:
    run = given_run(dynamo, "run-1")
    wire.calls.clear()

    dynamo.commit([update_run(run, cursor=1), CreateStage(stage=a_stage())])

    assert wire.names == ["UpdateItem"]


def test_a_conflict_is_tried_again_under_the_same_token(
    dynamo: DynamoPersistence, wire: Wire
) -> None:
    stage = given_solo(dynamo, "run-1", **running())
    wire.calls.clear()
    wire.failures = [conflict(), conflict()]

    dynamo.update(completion(stage))

    tokens = Counter(
        arguments["ClientRequestToken"]
        for name, arguments in wire.calls
        if name == "TransactWriteItems"
    )
    assert list(tokens.values()) == [3]


def test_the_item_that_refused_is_named(dynamo: DynamoPersistence) -> None:
    stage = given_solo(dynamo, "run-1", **running())

    with pytest.raises(ConditionFailedError) as caught:
        dynamo.commit([completion(stage), update_run(dynamo.run("run-1"), equals("cursor", 9))])

    assert caught.value.context == {"items": ["RUN"]}


def test_reads_that_decide_are_strongly_consistent(dynamo: DynamoPersistence, wire: Wire) -> None:
    stage = given_solo(dynamo, "run-1")
    wire.calls.clear()

    dynamo.run("run-1")
    dynamo.standing(stage.key)
    dynamo.snapshot("run-1")
    list(dynamo.group("run-1", 1))
    dynamo.intake("run-1")
    dynamo.idempotency("run.create", "key")
    dynamo.annotations("run-1")

    assert set(wire.names) == {"GetItem", "Query"}
    assert all(arguments["ConsistentRead"] for _, arguments in wire.calls)


def test_a_group_is_read_in_pages_that_grow(dynamo: DynamoPersistence, wire: Wire) -> None:
    stages = [a_stage(solo=False, id=f"s{nth:02}", ordinal=nth) for nth in range(45)]
    given_group(dynamo, "run-1", stages)
    wire.calls.clear()

    found = list(dynamo.group("run-1", 1))

    assert len(found) == 45
    assert [arguments["Limit"] for _, arguments in wire.calls] == [4, 16, 64]


def test_who_leaves_a_group_early_pays_for_one_page(dynamo: DynamoPersistence, wire: Wire) -> None:
    stages = [a_stage(solo=False, id=f"s{nth:02}", ordinal=nth) for nth in range(45)]
    given_group(dynamo, "run-1", stages)
    wire.calls.clear()

    newest = next(iter(dynamo.group("run-1", 1)))

    assert newest.id == "s44"
    assert wire.names == ["Query"]


def test_what_is_due_is_asked_of_each_shard(dynamo: DynamoPersistence, wire: Wire) -> None:
    dynamo.due(by=after(1), limit=7)

    # Eight for what moves, and eight for what is to be removed.
    assert wire.names == ["Query"] * 16
    assert {arguments["IndexName"] for _, arguments in wire.calls} == {"due"}
    assert {arguments["Limit"] for _, arguments in wire.calls} == {7}


def test_a_missing_table_is_named(aws: None) -> None:
    elsewhere = dynamo_persistence(
        table="elsewhere", region=REGION, clock=SkippingClock(), entropy=SeededEntropy()
    )

    with pytest.raises(UnavailableError, match=r"'elsewhere'.*HEADRACE_TABLE"):
        elsewhere.run("run-1")
