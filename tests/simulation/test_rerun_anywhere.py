"""A rerun that dies is made once by whoever repeats its key, and the run ends once more."""

import pytest

from kernel.model.status import Status
from kernel.procedures.rerun_from import RerunFrom
from tests.simulation.schedules import MakePorts, Play, prepare, surviving
from tests.support.saboteurs import Fate


@pytest.mark.parametrize(
    ("workflow_id", "stage_id"),
    [("three", "second"), ("diamond", "left"), ("waiting", "first"), ("fan", "right")],
)
def test_a_rerun_survives_a_crash_at_every_place(
    make_ports: MakePorts, workflow_id: str, stage_id: str
) -> None:
    whole = rerun(make_ports, workflow_id, stage_id, Fate())

    played = [
        rerun(make_ports, workflow_id, stage_id, Fate(place=place, after=after))
        for place in range(1, len(whole.fate.calls) + 1)
        for after in (False, True)
    ]

    assert {play.run.status for play in played} == {Status.COMPLETED}
    assert {play.run.generation for play in played} == {1}
    assert {tuple(sorted(play.completions.items(), key=str)) for play in played} == {
        tuple(sorted(whole.completions.items(), key=str))
    }


def rerun(make_ports: MakePorts, workflow_id: str, stage_id: str, fate: Fate) -> Play:
    """Finish a run undisturbed; then rerun it to its end, as *fate* will have it."""
    play = prepare(make_ports, workflow_id, fate)
    outside = play.outside
    outside.create(workflow_id, {"value": 1}, run_id=play.run_id)
    outside.finish(play.run_id)
    command = RerunFrom(run_id=play.run_id, stage_id=stage_id, idempotency_key="again")
    surviving(lambda: play.inside.dispatch(command))
    return play.on_to_its_end()
