"""Events that were given up on go back in line, each by itself."""

from dataclasses import replace
from typing import Any

import pytest

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.errors import ConditionFailedError, UnavailableError
from kernel.model.change import SaveDeadLetter
from kernel.model.dead_letter import LetterFilter
from kernel.model.policy import Policy
from kernel.procedures.replay_dead_letters import ReplayDeadLetters, ReplayDeadLettersResult
from tests.support.builders import a_dead_letter, an_event
from tests.support.moves import A_MINUTE, begin
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports

CREATED, STARTED = "workflow:created", "workflow:started"


@pytest.fixture
def dead(world: World) -> list[str]:
    """Three runs, a minute after each other, each with two events given up on; their ids."""
    world.policy = Policy(publish_tries=1)
    world.sink.refuses = frozenset({CREATED, STARTED})
    run_ids = [_begun(world) for _ in range(3)]
    world.sink.refuses = frozenset()
    return run_ids


def _begun(world: World) -> str:
    world.pass_time(A_MINUTE)
    return begin(world, "fan")


def replay(world: World, limit: int = 100, **which: Any) -> ReplayDeadLettersResult:
    return world.dispatch(ReplayDeadLetters(which=LetterFilter(**which), limit=limit))


def left(world: World) -> int:
    return len([*world.persistence.dead_letters()])


@pytest.mark.usefixtures("dead")
def test_all_go_out_where_nothing_is_said(world: World) -> None:
    result = replay(world)

    assert result == ReplayDeadLettersResult(replayed=6)
    assert (len(world.sink.events), left(world)) == (6, 0)


def test_those_go_out_that_are_named(world: World, dead: list[str]) -> None:
    ids = [f"{dead[0]}:0:{STARTED}", f"{dead[2]}:0:{CREATED}", "nobody"]

    result = replay(world, ids=ids)

    assert result == ReplayDeadLettersResult(replayed=2)
    assert [event.id for event in world.sink.events] == ids[:2]


@pytest.mark.usefixtures("dead")
def test_those_of_a_type_go_out(world: World) -> None:
    result = replay(world, types=[STARTED])

    assert result.replayed == 3
    assert {*world.sink.types} == {STARTED}


def test_those_of_an_age_go_out(world: World, dead: list[str]) -> None:
    result = replay(world, older_than=A_MINUTE, younger_than=A_MINUTE)

    assert result.replayed == 2
    assert {event.run_id for event in world.sink.events} == {dead[1]}


def test_no_more_go_out_than_may(world: World, dead: list[str]) -> None:
    result = replay(world, limit=2)

    assert result.replayed == 2
    assert {event.run_id for event in world.sink.events} == {dead[0]}


@pytest.mark.usefixtures("dead")
def test_nothing_goes_out_twice(world: World) -> None:
    results = [replay(world) for _ in range(2)]

    assert [result.replayed for result in results] == [6, 0]
    assert len(world.sink.events) == 6


@pytest.mark.usefixtures("dead")
def test_two_at_once_put_each_back_once(world: World) -> None:
    results: list[ReplayDeadLettersResult] = []
    world.persistence.meanwhile(lambda: results.append(replay(world)))

    results.append(replay(world))

    assert [result.replayed for result in results] == [6, 0]
    assert [result.failed for result in results] == [0, 0]
    assert len(world.sink.events) == 6


@pytest.mark.usefixtures("dead")
@pytest.mark.parametrize("error", [UnavailableError("no"), ConditionFailedError("no")], ids=str)
def test_one_that_cannot_be_put_back_keeps_back_no_other(
    world: World, error: UnavailableError | ConditionFailedError
) -> None:
    unlucky = world.policy.conflict_tries if isinstance(error, ConditionFailedError) else 1
    world.persistence.refuse(error, times=unlucky)

    result = replay(world)

    assert result == ReplayDeadLettersResult(replayed=5, failed=1)
    assert left(world) == 1
    assert "stays a dead letter" in world.logbook.messages[-1]


@pytest.mark.usefixtures("dead")
def test_what_is_refused_again_is_replayed_once_a_call(world: World) -> None:
    world.sink.refuses = frozenset({CREATED})

    result = replay(world)

    assert result.replayed == 6
    assert [letter.event.type for letter in world.persistence.dead_letters()] == [CREATED] * 3


@pytest.mark.usefixtures("dead")
def test_what_goes_back_while_the_sink_is_down_goes_out_by_the_tick(world: World) -> None:
    world.sink.down = True
    replay(world)
    world.sink.down = False
    world.pass_time(A_MINUTE)

    world.tick()

    assert len(world.sink.events) == 6


@pytest.fixture(params=["records", "items"])
def homeless(request: pytest.FixtureRequest) -> World:
    """A world with a dead letter whose run is gone."""
    store = DynamoPersistence(MemoryItems()) if request.param == "items" else None
    world = World(ports=memory_ports(persistence=SteeredPersistence(store)))
    letter = a_dead_letter(event=replace(an_event(), run_id="gone"))
    world.persistence.commit([SaveDeadLetter(letter=letter)])
    return world


def test_the_event_of_a_run_that_is_gone_is_sent_and_forgotten(homeless: World) -> None:
    result = replay(homeless)

    assert result == ReplayDeadLettersResult(replayed=1)
    assert [event.run_id for event in homeless.sink.events] == ["gone"]
    assert left(homeless) == 0


@pytest.mark.parametrize(
    "trouble", [{"down": True}, {"accepts": 0}, {"refuses": frozenset({CREATED})}], ids=str
)
def test_it_stays_where_it_cannot_be_sent(homeless: World, trouble: dict[str, Any]) -> None:
    vars(homeless.sink).update(trouble)

    result = replay(homeless)

    assert result == ReplayDeadLettersResult(replayed=0, failed=1)
    assert left(homeless) == 1


def test_two_who_send_it_count_it_once(homeless: World) -> None:
    results: list[ReplayDeadLettersResult] = []
    homeless.persistence.meanwhile(lambda: results.append(replay(homeless)))

    results.append(replay(homeless))

    assert [result.replayed for result in results] == [1, 0]
    assert left(homeless) == 0
