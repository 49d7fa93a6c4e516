"""Whether anybody comes for a stage that runs elsewhere."""

from collections.abc import Sequence

import pytest

from adapters.memory import MemoryLogbook, MemoryPersistence
from kernel.authoring import StageContext, stage, workflow
from kernel.errors import UnavailableError
from kernel.model.presence import LASTS, Presence
from kernel.queries.roll_call import RollCall
from tests.support.builders import a_presence
from tests.support.world import A_MINUTE, World, memory_ports

NOBODY = "Nobody serves the queue 'heavy'."


@stage(queue="heavy")
def lift(ctx: StageContext[int, None]) -> int:
    return ctx.input


@stage
def weigh(ctx: StageContext[int, None]) -> int:
    return ctx.input


lifting = workflow("lifting", input=int).pipe(weigh).pipe(lift).build()


class Counted(MemoryPersistence):
    """Counts how often it is asked who is there, and does not know when it is *down*."""

    asked = 0
    down = False

    def presences(self, queue: str) -> Sequence[Presence]:
        self.asked += 1
        if self.down:
            raise UnavailableError("The store does not answer.")
        return super().presences(queue)


@pytest.fixture
def persistence() -> Counted:
    return Counted()


@pytest.fixture
def world(persistence: Counted) -> World:
    return World(ports=memory_ports([lifting], persistence=persistence))


def comes(world: World, worker_id: str = "worker-1", fingerprint: str | None = None) -> Presence:
    """Let a worker say that it serves the queue."""
    known = fingerprint or lifting.fingerprint
    begun = a_presence(worker_id=worker_id, fingerprints={"lifting": known})
    presence = begun.renewed(at=world.now)
    world.ports.persistence.note_presence(presence)
    return presence


def lacking(world: World, stage_id: str = "lift") -> str | None:
    return RollCall(world.ports).lacking(lifting, stage_id)


def test_nobody_serves_a_queue_where_nobody_said_so(world: World) -> None:
    assert lacking(world) == NOBODY


def test_a_queue_is_served_while_a_worker_says_so(world: World) -> None:
    comes(world)
    world.pass_time(LASTS - A_MINUTE)

    assert lacking(world) is None


def test_a_worker_that_says_nothing_for_some_minutes_is_gone(world: World) -> None:
    comes(world)
    world.pass_time(LASTS)

    assert lacking(world) == NOBODY


def test_a_worker_that_left_is_gone_at_once(world: World) -> None:
    presence = comes(world)

    world.ports.persistence.note_presence(presence.ended(at=world.now))

    assert lacking(world) == NOBODY


def test_workers_of_another_version_may_not_come(world: World) -> None:
    comes(world, fingerprint="older")

    assert lacking(world) == (
        "Those who serve the queue 'heavy' have another version of the workflow"
        " 'lifting', or none."
    )


def test_one_of_this_version_is_enough(world: World) -> None:
    comes(world, "worker-1", fingerprint="older")
    comes(world, "worker-2")

    assert lacking(world) is None


@pytest.mark.parametrize("stage_id", ["weigh", "unknown"])
def test_where_no_queue_is_named_nobody_is_asked(
    world: World, persistence: Counted, stage_id: str
) -> None:
    assert lacking(world, stage_id) is None
    assert persistence.asked == 0


def test_a_queue_is_asked_for_once(world: World, persistence: Counted) -> None:
    roll = RollCall(world.ports)

    said = [roll.lacking(lifting, "lift") for _ in range(3)]

    assert said == [NOBODY] * 3
    assert persistence.asked == 1


def test_what_cannot_be_found_out_is_told_to_the_log_only(
    world: World, persistence: Counted
) -> None:
    persistence.down = True

    assert lacking(world) is None
    assert isinstance(world.ports.logbook, MemoryLogbook)
    (entry,) = world.ports.logbook.entries
    assert entry.fields == {"error": "The store does not answer."}
