"""A fact from outside is pinned and told once, whatever dies and whatever the run is doing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import pytest

from kernel.commands.annotate_run import AnnotateRun
from kernel.errors import NotFoundError
from kernel.model.event import Event
from kernel.model.policy import Policy
from kernel.model.status import Status
from tests.simulation.schedules import MakePorts, Play, places, prepare, surviving
from tests.support.saboteurs import Fate
from tests.support.world import World

LOUD: Final = Policy(published=("workflow:*", "annotation:created"))
# One by one, and with siblings: the store keeps what is due in different places.
WORKFLOWS = pytest.mark.parametrize("workflow_id", ["three", "diamond"])


def annotate(world: World, play: Play, *, nth: int) -> None:
    command = AnnotateRun(
        run_id=play.run_id,
        id=f"n{nth}",
        attributes={"approved": True, "by": "ada"},
        actor="ada",
        idempotency_key="k",
    )
    replace(world, policy=LOUD).dispatch(command)


def told(play: Play) -> Sequence[Event]:
    """Return what was told of annotations, without what was told before."""
    events = {event.id: event for event in play.sink.events}.values()
    return [event for event in events if event.type == "annotation:created"]


def annotated(make_ports: MakePorts, workflow_id: str, fate: Fate) -> Play:
    """Start a run, and annotate it as *fate* will have it; whoever does so insists."""
    play = prepare(make_ports, workflow_id, fate)
    play.outside.create(workflow_id, {"value": 1}, run_id=play.run_id)
    play.outside.answer_one()
    numbers = iter(range(9))
    surviving(lambda: annotate(play.inside, play, nth=next(numbers)))
    return play.on_to_its_end()


@WORKFLOWS
def test_a_fact_survives_a_crash_at_every_place(make_ports: MakePorts, workflow_id: str) -> None:
    whole = annotated(make_ports, workflow_id, Fate())

    played = [
        annotated(make_ports, workflow_id, Fate(place=place, after=after))
        for place in range(1, len(whole.fate.calls) + 1)
        for after in (False, True)
    ]

    rows = [play.ports.persistence.annotations(play.run_id) for play in played]
    assert {tuple(row.key for row in each) for each in rows} == {("approved", "by")}
    assert {len(told(play)) for play in played} == {2}
    assert {play.run.status for play in played} == {Status.COMPLETED}


def annotated_at(make_ports: MakePorts, workflow_id: str, fate: Fate) -> Play:
    """Have somebody else annotate the run beside one of its port calls."""
    play = prepare(make_ports, workflow_id, fate)

    def annotate_it() -> None:
        try:
            annotate(play.outside, play, nth=0)
        except NotFoundError:
            return

    fate.deed = annotate_it
    play.to_its_end()
    annotate_it()
    return play.on_to_its_end()


@WORKFLOWS
def test_a_run_goes_on_whenever_it_is_annotated(make_ports: MakePorts, workflow_id: str) -> None:
    most = places(make_ports, workflow_id)

    played = [
        annotated_at(make_ports, workflow_id, Fate(place=place, after=after))
        for place in range(1, most + 1)
        for after in (False, True)
    ]

    assert {play.run.status for play in played} == {Status.COMPLETED}
    assert {len(play.ports.persistence.annotations(play.run_id)) for play in played} == {2}
    assert {len(told(play)) for play in played} == {2}
    assert {*(count for play in played for count in play.completions.values())} == {1}
