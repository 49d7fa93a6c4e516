"""A change is what differs, and keeps the record due no later than rule R1 wants."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from kernel.decisions.writing import Decision, due_of, pinned, write_run, write_stage
from kernel.dispatch import Context
from kernel.model.change import AddAnnotation, CreateStage, equals
from kernel.model.policy import Policy
from kernel.model.run import Closing
from kernel.model.status import Status
from tests.support.builders import (
    NOON,
    a_lease,
    a_run,
    a_stage,
    after,
    an_annotation,
    an_event,
)
from tests.support.world import memory_ports

CLOSING = Closing(target=Status.CANCELLED)


@pytest.fixture
def context() -> Context:
    return Context(ports=memory_ports(), policy=Policy(), now=NOON)


def test_only_what_differs_is_written(context: Context) -> None:
    old = a_run(due_at=after(1))

    change = write_run(context, old, replace(old, tenant="acme"), (equals("version", 1),))

    assert change.writes == {"tenant"}
    assert change.requires[0] == equals("version", 1)


@pytest.mark.parametrize(
    ("held", "left"),
    [(after(1), after(1)), (after(0.5), after(0.5)), (after(5), after(1)), (None, after(1))],
    ids=str,
)
def test_an_instant_that_serves_is_left_alone(
    context: Context, held: datetime | None, left: datetime
) -> None:
    old = a_run(status=Status.RUNNING, due_at=held)

    change = write_run(context, old, replace(old, closing=CLOSING), ())

    assert change.run.due_at == left
    assert ("due_at" in change.writes) == (held != left)


@pytest.mark.parametrize("now_due", [after(1.5), after(99), None], ids=str)
def test_an_instant_that_is_left_alone_must_not_have_been_put_off_or_taken_away(
    context: Context, now_due: datetime | None
) -> None:
    old = a_run(status=Status.RUNNING, due_at=after(0.5))

    change = write_run(context, old, replace(old, closing=CLOSING), ())

    assert not all(one.holds(replace(old, due_at=now_due)) for one in change.requires)
    assert all(condition.holds(old) for condition in change.requires)


def test_a_record_that_wants_nothing_is_due_no_more(context: Context) -> None:
    old = a_run(status=Status.RUNNING, due_at=after(1))

    change = write_run(context, old, replace(old, cursor=2), ())

    assert change.run.due_at is None
    assert "due_at" in change.writes


@pytest.mark.parametrize("old", [a_run(), a_run(outbox=(an_event(),))], ids=["none", "one"])
def test_events_make_a_run_due(context: Context, old: Any) -> None:
    event = an_event(type="workflow:started")
    new = replace(old, status=Status.RUNNING)

    change = write_run(context, old, new, (), event)

    assert change.events == (event,)
    assert change.run.due_at == after(1)


def test_an_event_that_is_not_published_is_not_written(context: Context) -> None:
    old = a_run(status=Status.RUNNING)

    change = write_run(context, old, replace(old, cursor=2), (), an_event(type="stage:completed"))

    assert (change.events, change.run.due_at) == ((), None)


def test_a_stage_alone_in_its_group_is_due_for_its_run_too(context: Context) -> None:
    old = a_stage(status=Status.RUNNING, lease=a_lease(expires_at=after(5)), due_at=after(5))
    run = a_run(status=Status.RUNNING, outbox=(an_event(),))

    alone = write_stage(context, old, replace(old, digest="d"), (), run=run)
    sibling = write_stage(context, old, replace(old, digest="d"), ())

    assert alone.stage.due_at == after(1)
    assert sibling.stage.due_at == after(5)


def test_a_run_that_is_not_known_is_not_due(context: Context) -> None:
    moments = due_of(context, None), due_of(context, a_run())

    assert moments == (None, after(1))


def test_the_stage_of_a_decision_is_the_one_that_it_updates(context: Context) -> None:
    old = a_stage()
    made = CreateStage(stage=a_stage(id="next"))
    change = write_stage(context, old, replace(old, digest="d"), ())

    decisions = [Decision(changes=(made, change)), Decision(changes=(made,)), Decision()]

    assert [decision.stage for decision in decisions] == [change.stage, None, None]


def test_what_was_pinned_is_one_change_each() -> None:
    notes = [an_annotation(id="1"), an_annotation(id="2")]

    changes = list(pinned(notes))

    assert changes == [AddAnnotation(annotation=note) for note in notes]
