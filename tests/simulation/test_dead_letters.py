"""Whatever dies while events are given up on and replayed, or does it twice: none is lost."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from kernel.events import is_terminal
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.procedures.publish_events import PublishEvents
from kernel.procedures.replay_dead_letters import ReplayDeadLetters
from tests.simulation.schedules import MakePorts, Play, prepare, surviving
from tests.support.saboteurs import Fate, mortal
from tests.support.steering import SteeredSink
from tests.support.world import World

DISLIKED = frozenset({"workflow:started", "stage:completed"})
POLICY = Policy(published=("*",), publish_tries=2)
WORKFLOWS = pytest.mark.parametrize("workflow_id", ["three", "fan"])


def inside(play: Play) -> World:
    """Return the account as *play*'s fate has it, publishing everything."""
    return World(ports=mortal(play.ports, play.fate), policy=POLICY)


def outside(play: Play) -> World:
    return World(ports=play.ports, policy=POLICY)


def begun(make_ports: MakePorts, workflow_id: str, fate: Fate) -> Play:
    """Finish a run while no event can be sent; from then on some of them are not liked."""
    play = prepare(make_ports, workflow_id, fate)
    sink = sink_of(play)
    sink.down = True
    outside(play).create(workflow_id, {"value": 1}, run_id=play.run_id)
    outside(play).drain()
    assert play.run.status is Status.COMPLETED
    sink.down, sink.refuses = False, DISLIKED
    return play


def sink_of(play: Play) -> SteeredSink:
    assert isinstance(play.sink.inner, SteeredSink)
    return play.sink.inner


def given_up(play: Play) -> Play:
    """Look until nothing is due, as *play*'s fate has it: all that is disliked is given up on."""
    for _ in range(60):
        surviving(inside(play).tick)
        if play.is_over:
            return play
        play.ports.clock.sleep(POLICY.longest_push_back)
    message = f"{play.fate}: events wait for ever: {play.run} {play.stages}"
    raise AssertionError(message)


def replayed(play: Play) -> Play:
    """Replay everything as fate has it, now that it is liked; then look until nothing is due."""
    sink_of(play).refuses = frozenset()
    surviving(lambda: inside(play).dispatch(ReplayDeadLetters()))
    return given_up(play)


def letters(play: Play) -> list[str]:
    return [letter.event.id for letter in play.ports.persistence.dead_letters()]


def arrived(play: Play) -> list[str]:
    return [event.id for event in play.sink.events]


def everything(make_ports: MakePorts, workflow_id: str) -> set[str]:
    """Return the ids of all the events that a run has to tell."""
    whole = replayed(given_up(begun(make_ports, workflow_id, Fate())))
    return {*arrived(whole)}


def crashing(
    make_ports: MakePorts, workflow_id: str, act: Callable[[Play], Play], *, ready: bool = False
) -> Sequence[Play]:
    """Let the process that does *act* die at each place; *ready*: all was given up on before."""

    def played(fate: Fate) -> Play:
        play = begun(make_ports, workflow_id, Fate())
        if ready:
            given_up(play)
        return act(replace(play, fate=fate))

    calls = len(played(Fate()).fate.calls)
    return [
        played(Fate(place=place, after=after))
        for place in range(1, calls + 1)
        for after in (False, True)
    ]


@WORKFLOWS
def test_giving_up_survives_a_crash_at_every_place(
    make_ports: MakePorts, workflow_id: str
) -> None:
    told = everything(make_ports, workflow_id)

    played = crashing(make_ports, workflow_id, given_up)

    assert [play.fate for play in played if {*arrived(play), *letters(play)} != told] == []
    assert [play.fate for play in played if {*arrived(play)} & {*letters(play)}] == []
    assert [play.fate for play in played if len({*letters(play)}) != len(letters(play))] == []
    assert [play.fate for play in played if not is_terminal(play.sink.events[-1])] == []


@WORKFLOWS
def test_a_replay_survives_a_crash_at_every_place(make_ports: MakePorts, workflow_id: str) -> None:
    told = everything(make_ports, workflow_id)

    played = crashing(make_ports, workflow_id, replayed, ready=True)

    assert [play.fate for play in played if {*arrived(play)} != told] == []
    assert [play.fate for play in played if letters(play)] == []


def beside(
    make_ports: MakePorts, workflow_id: str, act: Callable[[World], object], *, ready: bool
) -> Sequence[Play]:
    """Let *act* be done twice, the second time within the first, at each of its places."""

    def played(place: int) -> Play:
        play = begun(make_ports, workflow_id, Fate())
        if ready:
            given_up(play)
            sink_of(play).refuses = frozenset()
        fate = Fate(place=place, deed=lambda: act(outside(play)))
        play = replace(play, fate=fate)
        act(inside(play))
        return play

    calls = len(played(0).fate.calls)
    return [played(place) for place in range(1, calls + 1)]


@WORKFLOWS
def test_two_who_publish_at_once_lose_nothing_and_give_up_once(
    make_ports: MakePorts, workflow_id: str
) -> None:
    told = everything(make_ports, workflow_id)

    played = [given_up(play) for play in beside(make_ports, workflow_id, flush, ready=False)]

    assert [play.fate for play in played if {*arrived(play), *letters(play)} != told] == []
    assert [play.fate for play in played if max(Counter(letters(play)).values()) > 1] == []


@WORKFLOWS
def test_two_who_replay_at_once_lose_nothing(make_ports: MakePorts, workflow_id: str) -> None:
    told = everything(make_ports, workflow_id)

    played = beside(make_ports, workflow_id, replay, ready=True)

    assert [play.fate for play in played if letters(play)] == []
    assert [play.fate for play in played if {*arrived(given_up(play))} != told] == []


def flush(world: World) -> None:
    world.dispatch(PublishEvents(run_ids=["r"]))


def replay(world: World) -> None:
    world.dispatch(ReplayDeadLetters())
