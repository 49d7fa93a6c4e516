"""Who publishes may be overtaken: nothing is told out of turn, or lost, for that."""

from collections.abc import Callable
from dataclasses import replace

from kernel.commands.advance_run import AdvanceRun
from kernel.model.policy import Policy
from kernel.ports.persistence import Snapshot
from kernel.procedures.publish_events import publish_run
from kernel.procedures.rerun_from import RerunFrom
from tests.support.moves import begin, claimed, failure, settled
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports


class SlowPersistence(SteeredPersistence):
    """Before it shows a run's stages, somebody else gets a word in, once."""

    in_between: Callable[[], object] | None = None

    def snapshot(self, run_id: str) -> Snapshot:
        act, self.in_between = self.in_between, None
        if act is not None:
            act()
        return super().snapshot(run_id)


def test_a_run_that_is_rerun_while_it_is_read_tells_its_stages_events_before_its_end() -> None:
    store = SlowPersistence()
    world = World(ports=memory_ports(persistence=store), policy=Policy(published=("*",)))
    world.sink.down = True
    run_id = begin(world, "fan")
    settled(world, run_id, "left", failure("LEFT", retryable=False))
    settled(world, run_id, "right", failure("RIGHT", retryable=False))
    world.dispatch(AdvanceRun(run_id=run_id))
    rerunning = replace(world, ports=replace(world.ports, persistence=store.inner))
    store.in_between = lambda: rerun(rerunning, run_id)

    publish_run(world.kernel, run_id, ())

    types = world.sink.types
    assert types[:2] == ("workflow:created", "workflow:started")
    assert sorted(types[2:6]) == ["stage:failed", "stage:failed", *["stage:started"] * 2]
    assert types[6:] == ("workflow:failed", "workflow:started", "stage:started")


def rerun(world: World, run_id: str) -> None:
    """Rerun the run and claim a stage of it, while nothing can be sent; then it can."""
    world.dispatch(RerunFrom(run_id=run_id, stage_id="left"))
    claimed(world, run_id, "left")
    world.sink.down = False
