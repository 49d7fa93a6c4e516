"""A worker says which named queues it serves, and works whether that is heard or not."""

from collections.abc import Sequence

import pytest

from adapters.memory import MemoryPersistence
from functions.attendance import Attendance
from kernel.authoring import StageContext, stage, workflow
from kernel.errors import UnavailableError
from kernel.model.presence import LASTS, Presence
from tests.support.workflows import ALL
from tests.support.world import A_MINUTE, World, memory_ports


@stage(queue="heavy")
def lift(ctx: StageContext[int, None]) -> int:
    return ctx.input


lifting = workflow("lifting", input=int).pipe(lift).build()


class Mute(MemoryPersistence):
    """Hears of no presence."""

    def note_presence(self, presence: Presence) -> None:
        raise UnavailableError(f"Nobody hears of {presence.queue}.")


@pytest.fixture
def world() -> World:
    return World(ports=memory_ports([*ALL, lifting]))


@pytest.fixture
def told() -> list[str]:
    return []


def attendance(world: World, told: list[str], *queues: str) -> Attendance:
    return Attendance(
        world.ports,
        queues,
        worker_id="worker-7",
        report=lambda queue, error: told.append(f"{queue}: {error}"),
    )


def heard(world: World, queue: str = "heavy") -> Sequence[Presence]:
    return world.ports.persistence.presences(queue)


def test_a_worker_says_what_it_has_for_the_queue(world: World, told: list[str]) -> None:
    attendance(world, told, "heavy").say()

    (presence,) = heard(world)
    assert (presence.worker_id, presence.queue) == ("worker-7", "heavy")
    assert presence.fingerprints == {"lifting": lifting.fingerprint}
    assert told == []


def test_what_it_says_lasts_a_little_longer_than_until_it_says_it_again(
    world: World, told: list[str]
) -> None:
    began = world.now
    worker = attendance(world, told, "heavy")
    worker.say()
    world.pass_time(A_MINUTE)

    worker.say()

    (presence,) = heard(world)
    assert (presence.since, presence.seen_at) == (began, world.now)
    assert presence.is_there(world.now + 2 * A_MINUTE)
    assert not presence.is_there(world.now + LASTS)


def test_a_worker_that_leaves_is_not_there_any_more(world: World, told: list[str]) -> None:
    worker = attendance(world, told, "heavy")
    worker.say()

    worker.leave()

    (presence,) = heard(world)
    assert not presence.is_there(world.now)


def test_of_the_ordinary_queue_nothing_is_said(world: World, told: list[str]) -> None:
    attendance(world, told, "default").say()

    assert heard(world, "default") == []


def test_what_cannot_be_said_is_told_and_said_the_next_time(world: World, told: list[str]) -> None:
    mute = World(ports=memory_ports([lifting], persistence=Mute()))
    worker = attendance(mute, told, "heavy", "gpu")

    worker.say()
    worker.leave()

    assert told == [
        "heavy: Nobody hears of heavy.",
        "gpu: Nobody hears of gpu.",
        "heavy: Nobody hears of heavy.",
        "gpu: Nobody hears of gpu.",
    ]
