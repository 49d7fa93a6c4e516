"""Events keep their order although the run is rerun while they are read."""

from collections.abc import Callable

import pytest

from adapters.memory import MemoryPersistence
from kernel.errors import ConflictError
from kernel.model.policy import Policy
from kernel.ports.persistence import Head
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.publish_events import publish_run
from kernel.procedures.rerun_from import RerunFrom
from tests.support.moves import begin, claimed
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports


class BusyPersistence(MemoryPersistence):
    """Between a look at a run and whatever is read next, others get a word in."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def head(self, run_id: str) -> Head:
        head = super().head(run_id)
        # What comes in between may look at the run itself.
        acts, self.meanwhile = self.meanwhile[:1], self.meanwhile[1:]
        for act in acts:
            rest, self.meanwhile = self.meanwhile, []
            act()
            self.meanwhile = rest
        return head


@pytest.fixture
def busy() -> BusyPersistence:
    return BusyPersistence()


@pytest.fixture
def world(busy: BusyPersistence) -> World:
    ports = memory_ports(persistence=SteeredPersistence(busy))
    return World(ports=ports, policy=Policy(published=("*",), conflict_tries=3))


def cancelled_in_silence(world: World) -> str:
    """Return a run that was cancelled and of which nobody has heard anything yet."""
    world.sink.down = True
    run_id = begin(world, "fan")
    claimed(world, run_id, "left")
    world.dispatch(CancelRun(run_id=run_id))
    return run_id


def rerun(world: World, run_id: str) -> None:
    """Let the run go again, and be over again, all in silence."""
    world.sink.down = True
    world.dispatch(RerunFrom(run_id=run_id, stage_id="left"))
    claimed(world, run_id, "left")
    world.dispatch(CancelRun(run_id=run_id))
    world.sink.down = False


def test_what_a_rerun_takes_along_is_sent_before_the_end_that_came_after_it(
    world: World, busy: BusyPersistence
) -> None:
    run_id = cancelled_in_silence(world)
    world.sink.down = False
    busy.meanwhile = [lambda: world.dispatch(RerunFrom(run_id=run_id, stage_id="left"))]

    publish_run(world.kernel, run_id, ())

    heard = [event for event in world.sink.events if event.generation == 0]
    sequences = [event.sequence for event in heard]
    assert [event.type for event in heard][-2:] == ["stage:started", "workflow:cancelled"]
    assert sequences == sorted(sequences)


def test_a_run_that_is_rerun_all_the_time_is_left_for_later(
    world: World, busy: BusyPersistence
) -> None:
    run_id = cancelled_in_silence(world)
    world.sink.down = False
    busy.meanwhile = [lambda: rerun(world, run_id)] * 10

    with pytest.raises(ConflictError, match="rerun"):
        publish_run(world.kernel, run_id, ())

    assert world.sink.types == ()
