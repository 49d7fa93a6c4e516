"""Facts are pinned to a run from outside: once, to a run that is there, and told if wanted."""

from dataclasses import replace
from typing import Any

import pytest

from kernel.commands.annotate_run import AnnotateRun, AnnotateRunResult
from kernel.errors import (
    ConditionFailedError,
    IdempotencyConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from kernel.model.change import AddAnnotation, RequireRun, SaveIdempotency, UpdateRun
from kernel.model.json import Json
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from tests.support.moves import A_LEASE, alter, begin, claimed, kinds
from tests.support.world import World

TOLD = ("workflow:*", "annotation:created")


def annotate(world: World, run_id: str, **given: Any) -> AnnotateRunResult:
    fields = {"id": "n1", "attributes": {"approved": True}, "actor": "ada", **given}
    return world.dispatch(AnnotateRun(run_id=run_id, **fields))


def pinned(world: World, run_id: str) -> list[tuple[str, Json]]:
    return [(row.key, row.value) for row in world.persistence.annotations(run_id)]


@pytest.fixture
def run_id(world: World) -> str:
    run_id = begin(world, "three")
    world.transport.deaf = True
    return run_id


@pytest.fixture
def loud(world: World) -> World:
    """A world in which annotations are told."""
    world.policy = replace(world.policy, published=TOLD)
    return world


def told(world: World) -> list[str]:
    return [event.id for event in world.sink.events if event.type == "annotation:created"]


def test_facts_are_pinned_with_who_pinned_them(world: World, run_id: str) -> None:
    result = annotate(world, run_id, attributes={"a": 1, "b": ["x"]}, stage_id="first")

    first, second = world.persistence.annotations(run_id)
    assert result.attached == (first.id, second.id)
    assert (first.key, first.value, second.key, second.value) == ("a", 1, "b", ["x"])
    assert (first.actor, first.stage_id, first.at) == ("ada", "first", world.now)


def test_the_run_is_required_and_not_written(world: World, run_id: str) -> None:
    before = world.persistence.snapshot(run_id)

    annotate(world, run_id)

    assert kinds(world.persistence.commits[-1]) == [RequireRun, SaveIdempotency, AddAnnotation]
    assert world.persistence.snapshot(run_id) == before


def test_a_run_that_is_not_there_is_not_annotated(world: World) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        annotate(world, "nobody")

    assert pinned(world, "nobody") == []
    assert world.persistence.idempotency("annotation.attach", "nobody/n1") is None


def test_what_is_none_is_left_out(world: World, run_id: str) -> None:
    annotate(world, run_id, attributes={"a": None, "b": 0, "c": False, "d": ""})

    assert pinned(world, run_id) == [("b", 0), ("c", False), ("d", "")]


def test_where_nothing_is_left_nothing_happens(world: World, run_id: str) -> None:
    commits = len(world.persistence.commits)

    result = annotate(world, run_id, attributes={"a": None})

    assert result.attached == ()
    assert len(world.persistence.commits) == commits


def test_a_run_that_is_over_may_be_annotated(world: World, run_id: str) -> None:
    world.dispatch(CancelRun(run_id=run_id))

    annotate(world, run_id)

    assert pinned(world, run_id) == [("approved", True)]


@pytest.mark.parametrize("given", [{"id": "n2", "idempotency_key": "k"}, {"id": "n1"}])
def test_the_same_key_and_request_pin_nothing_again(
    world: World, run_id: str, given: dict[str, str]
) -> None:
    first = annotate(world, run_id, **(given | {"id": "n1"}))

    again = annotate(world, run_id, **given)

    assert (len(first.attached), again.attached) == (1, ())
    assert len(pinned(world, run_id)) == 1


@pytest.mark.parametrize("other", [{"attributes": {"a": 2}}, {"actor": "bob"}, {"stage_id": "x"}])
def test_the_same_key_for_something_else_is_a_conflict(
    world: World, run_id: str, other: dict[str, Any]
) -> None:
    annotate(world, run_id, idempotency_key="k")

    with pytest.raises(IdempotencyConflictError, match="'k'"):
        annotate(world, run_id, **({"id": "n2", "idempotency_key": "k"} | other))

    assert pinned(world, run_id) == [("approved", True)]


def test_a_key_is_one_runs_own(world: World, run_id: str) -> None:
    other = begin(world, "fan")

    annotate(world, run_id, idempotency_key="k")
    annotate(world, other, idempotency_key="k", attributes={"a": 2})

    assert pinned(world, other) == [("a", 2)]


@pytest.mark.parametrize("conflicts", [0, 1])
def test_a_key_is_forgotten_in_time(world: World, run_id: str, conflicts: int) -> None:
    annotate(world, run_id, idempotency_key="k")
    world.pass_time(world.policy.idempotency_kept + A_LEASE)
    world.persistence.refuse(ConditionFailedError("Others were first."), times=conflicts)

    annotate(world, run_id, id="n2", idempotency_key="k", attributes={"a": 2})

    assert pinned(world, run_id) == [("approved", True), ("a", 2)]


def test_of_two_at_once_with_one_key_one_pins(world: World, run_id: str) -> None:
    world.persistence.meanwhile(lambda: annotate(world, run_id, id="n2", idempotency_key="k"))

    late = annotate(world, run_id, idempotency_key="k")

    assert late.attached == ()
    assert [row.id for row in world.persistence.annotations(run_id)] == ["n2:00"]


def test_a_conflict_with_others_is_decided_anew(world: World, run_id: str) -> None:
    world.persistence.refuse(ConditionFailedError("Somebody was there first."), times=2)

    assert annotate(world, run_id).attached == ("n1:00",)


def test_a_store_that_is_away_is_for_the_caller_to_repeat(world: World, run_id: str) -> None:
    world.persistence.refuse(UnavailableError("The store is away."))

    with pytest.raises(UnavailableError, match="away"):
        annotate(world, run_id)

    assert annotate(world, run_id).attached == ("n1:00",)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"id": ""}, "id is ''"),
        ({"id": "a/b"}, "id is 'a/b'"),
        ({"actor": ""}, "actor is not"),
        ({"actor": "a\n"}, "actor is not"),
        ({"stage_id": ""}, "stage_id is not"),
        ({"idempotency_key": ""}, "the idempotency key is not"),
        ({"idempotency_key": "k" * 256}, "the idempotency key is not"),
        ({"attributes": {str(nth): nth for nth in range(21)}}, "more than 20 annotations"),
        ({"attributes": {"": 1}}, "the key must be"),
        ({"attributes": {"a": "x" * 5_000}}, "the value is longer"),
        ({"attributes": {"a": float("nan")}}, "the value is not JSON"),
    ],
)
def test_what_cannot_be_pinned_is_refused(
    world: World, run_id: str, given: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidInputError, match=problem) as caught:
        annotate(world, run_id, **given)

    assert caught.value.context["problems"]
    assert pinned(world, run_id) == []


def test_nothing_is_told_unless_it_is_wanted(world: World, run_id: str) -> None:
    annotate(world, run_id)

    assert told(world) == []


def test_each_new_fact_is_told_where_that_is_wanted(loud: World, run_id: str) -> None:
    annotate(loud, run_id, attributes={"a": 1, "b": None, "c": 3}, stage_id="first")

    assert told(loud) == [f"{run_id}:n1:{nth}:annotation:created" for nth in ("00", "01")]
    event = loud.sink.events[-1]
    assert (event.stage_id, event.generation) == ("first", 0)
    assert event.detail == {"annotation_id": "n1:01", "key": "c", "actor": "ada"}


def test_a_fact_that_was_pinned_before_is_not_told_again(loud: World, run_id: str) -> None:
    annotate(loud, run_id, idempotency_key="k")

    annotate(loud, run_id, id="n2", idempotency_key="k")

    assert len(told(loud)) == 1


def test_a_run_that_is_not_there_is_not_told_of(loud: World) -> None:
    with pytest.raises(NotFoundError, match="'nobody'"):
        annotate(loud, "nobody")

    assert pinned(loud, "nobody") == []


def test_what_cannot_be_told_just_now_waits_with_the_run(loud: World, run_id: str) -> None:
    loud.sink.down = True

    annotate(loud, run_id)

    run = loud.run(run_id)
    assert [event.type for event in run.outbox] == ["annotation:created"]
    assert run.due_at == loud.now + loud.policy.grace


def test_telling_leaves_an_earlier_look_at_the_run_as_it_is(loud: World, run_id: str) -> None:
    alter(loud, run_id, due_at=loud.now)
    loud.sink.down = True

    annotate(loud, run_id)

    assert loud.run(run_id).due_at == loud.now


def test_a_run_that_moved_on_meanwhile_is_told_anyway(loud: World, run_id: str) -> None:
    loud.persistence.meanwhile(lambda: alter(loud, run_id, priority=9))

    annotate(loud, run_id)

    assert len(told(loud)) == 1
    assert UpdateRun in kinds(loud.persistence.commits[-2])


def test_a_run_that_was_put_off_meanwhile_is_due_for_its_events(loud: World, run_id: str) -> None:
    loud.sink.down = True
    alter(loud, run_id, due_at=loud.now)
    loud.persistence.meanwhile(lambda: alter(loud, run_id, due_at=None))

    annotate(loud, run_id)

    assert loud.run(run_id).due_at == loud.now + loud.policy.grace


def test_the_event_of_a_run_that_is_over_comes_after_its_end(loud: World, run_id: str) -> None:
    loud.sink.down = True
    loud.dispatch(CancelRun(run_id=run_id))
    annotate(loud, run_id)
    loud.sink.down = False

    loud.finish(run_id)

    types = [event.type for event in loud.sink.events]
    assert loud.run(run_id).status is Status.CANCELLED
    assert types[-2:] == ["workflow:cancelled", "annotation:created"]


def test_a_stage_at_work_is_not_disturbed(loud: World, run_id: str) -> None:
    held = claimed(loud, run_id, "first")

    annotate(loud, run_id)

    assert loud.stages(run_id)["first"].lease == held.stage.lease
