"""What follows a commit may be lost, and one effect holds up no other."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.effects import ring
from tests.conformance.job_transport import a_bell
from tests.support.world import World


@pytest.mark.parametrize("late", [timedelta(), timedelta(days=1)], ids=["now", "later"])
def test_a_bell_without_a_queue_is_reported_and_holds_up_no_other(
    world: World, late: timedelta
) -> None:
    bell = replace(a_bell(), not_before=world.now + late)

    ring(world.ports, [replace(bell, queue="gpu"), bell, replace(bell, run_id="2", queue="heavy")])

    rung = [*world.transport.pending(), *(held.bell for held in world.scheduler.rings)]
    (entry,) = world.logbook.entries
    assert sorted(str(one.queue) for one in rung) == ["None", "heavy"]
    assert entry.message == "A doorbell has no queue; the tick will try again."
    assert "no queue 'gpu'" in str(entry.fields["error"])
