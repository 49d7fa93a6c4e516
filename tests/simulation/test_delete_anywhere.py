"""A deletion that dies is finished by the tick, and whoever comes between finds all or nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from kernel.errors import EngineError, NotFoundError
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from kernel.procedures.delete_run import DeleteRun
from kernel.procedures.rerun_from import RerunFrom
from tests.simulation.schedules import MakePorts, Play, prepare, surviving
from tests.support.saboteurs import Crash, Fate, mortal
from tests.support.world import World

FLOWS = ["three", "diamond", "fan"]
BULKY = Policy(inline_limit=0, bell_limit=0)
A_YEAR = timedelta(days=365)


def over(make_ports: MakePorts, workflow_id: str, fate: Fate) -> Play:
    """Finish a run whose payloads are all blobs, before *fate* has a say."""
    play = prepare(make_ports, workflow_id, fate)
    outside = World(ports=play.ports, policy=BULKY)
    outside.create(workflow_id, {"value": 1}, run_id=play.run_id)
    outside.finish(play.run_id)
    return play


def left_of(ports: Ports, run_id: str) -> list[object]:
    """Return what is left of a run: its record, its stages, its blobs, an entry in the index."""
    store = ports.persistence
    left: list[object] = [*ports.blobs.keys(f"runs/{run_id}/"), *store.past(run_id)]
    left += store.due(by=ports.clock.now() + A_YEAR, limit=100)
    try:
        return [*left, store.snapshot(run_id)]
    except NotFoundError:
        return left


def ticked(play: Play) -> None:
    for _ in range(5):
        play.ports.clock.sleep(timedelta(minutes=2))
        surviving(play.inside.tick)


def at_every_place(played: Callable[[Fate], Play]) -> list[Play]:
    places = len(played(Fate()).fate.calls)
    return [
        played(Fate(place=place, after=after))
        for place in range(1, places + 1)
        for after in (False, True)
    ]


@pytest.mark.parametrize("workflow_id", FLOWS)
def test_a_deletion_survives_a_crash_at_every_place(
    make_ports: MakePorts, workflow_id: str
) -> None:
    def deleted(fate: Fate) -> Play:
        play = over(make_ports, workflow_id, fate)
        try:
            play.inside.dispatch(DeleteRun(run_id=play.run_id))
        except Crash:
            ticked(play)
        return play

    played = at_every_place(deleted)

    kept = [play for play in played if left_of(play.ports, play.run_id)]
    begun = [play for play in kept if play.run.retired_at is not None]
    print(f"\n{workflow_id}: {len(played)} deletions, {len(kept)} died before they began")
    assert begun == []
    assert len(kept) < len(played) / 2


@pytest.mark.parametrize("workflow_id", FLOWS)
def test_a_retirement_survives_a_crash_at_every_place(
    make_ports: MakePorts, workflow_id: str
) -> None:
    def retired(fate: Fate) -> Play:
        play = over(make_ports, workflow_id, fate)
        play.ports.clock.sleep(timedelta(days=31))
        surviving(play.inside.tick)
        ticked(play)
        return play

    played = at_every_place(retired)

    assert [left_of(play.ports, play.run_id) for play in played] == [[]] * len(played)


@pytest.mark.parametrize("workflow_id", FLOWS)
def test_whoever_reruns_beside_a_deletion_gets_the_whole_run_or_none(
    make_ports: MakePorts, workflow_id: str
) -> None:
    def raced(fate: Fate) -> Play:
        play = over(make_ports, workflow_id, fate)
        stage_id = play.stages[-1].id
        outside = World(ports=play.ports, policy=BULKY)

        def rerun() -> None:
            outside.dispatch(RerunFrom(run_id=play.run_id, stage_id=stage_id))

        fate.deed = lambda: quietly(rerun)
        quietly(
            lambda: World(ports=mortal(play.ports, fate)).dispatch(DeleteRun(run_id=play.run_id))
        )
        return play

    for play in at_every_place(raced):
        try:
            run = play.run
        except NotFoundError:
            assert left_of(play.ports, play.run_id) == []
        else:
            assert run.generation == 1
            finished = World(ports=play.ports, policy=BULKY).finish(play.run_id)
            assert finished.status is Status.COMPLETED


def quietly(act: Callable[[], object]) -> None:
    try:
        act()
    except EngineError:
        return
