"""Whatever process dies, wherever: the run goes on, and each stage commits once."""

import pytest

from kernel.model.status import Status
from tests.simulation.schedules import MakePorts, Play, places, prepare
from tests.support.saboteurs import Fate


@pytest.mark.parametrize("workflow_id", ["three", "diamond", "waiting", "fan"])
def test_a_run_survives_a_crash_at_every_place(
    make_ports: MakePorts, workflow_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    most = places(make_ports, workflow_id)

    played = [
        prepare(make_ports, workflow_id, Fate(place=place, after=after)).to_its_end()
        for place in range(1, most + 1)
        for after in (False, True)
    ]

    with capsys.disabled():
        print(f"\n{workflow_id}: {len(played)} runs, a crash before and after {most} port calls")
    assert [fault for one in played for fault in faults(one)] == []


def faults(play: Play) -> list[str]:
    """Return what went wrong, if anything did."""
    types = play.told
    wanted = {"workflow:created", "workflow:started", "workflow:completed"}
    checks = {
        f"the run is {play.run.status}": play.run.status is Status.COMPLETED,
        f"a stage committed more than once: {play.completions}": (
            {*play.completions.values()} == {1} and len(play.completions) == len(play.stages)
        ),
        f"an event is missing in {types}": wanted <= {*types},
        f"the last event is not the run's end: {types}": types[-1] == "workflow:completed",
    }
    return [f"{play.fate.place}: {fault}" for fault, holds in checks.items() if not holds]
