"""Cancelling between any two port calls is safe, and a cancel that dies half-way is finished."""

from collections.abc import Callable, Sequence

import pytest

from kernel.errors import NotFoundError
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from tests.simulation.schedules import MakePorts, Play, places, prepare, surviving
from tests.support.saboteurs import Fate

WORKFLOWS = pytest.mark.parametrize("workflow_id", ["three", "diamond", "waiting", "fan"])


@WORKFLOWS
def test_nothing_of_a_run_commits_after_its_cancel_returned(
    make_ports: MakePorts, workflow_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    most = places(make_ports, workflow_id)

    played = [
        cancelled_at(make_ports, workflow_id, place, after=after)
        for place in range(1, most + 1)
        for after in (False, True)
    ]

    with capsys.disabled():
        cancelled = sum(play.run.status is Status.CANCELLED for play, _ in played)
        print(f"\n{workflow_id}: {len(played)} cancels, {cancelled} in time")
    assert [fault for play, mark in played for fault in faults(play, mark)] == []


@WORKFLOWS
@pytest.mark.parametrize("bells", [1, 2, 3])
def test_a_cancel_that_dies_is_finished_by_the_tick(
    make_ports: MakePorts, workflow_id: str, bells: int
) -> None:
    whole = cancelled_after(make_ports, workflow_id, bells, Fate())

    played = [
        cancelled_after(make_ports, workflow_id, bells, Fate(place=place, after=after))
        for place in range(1, len(whole.fate.calls) + 1)
        for after in (False, True)
    ]

    assert [play for play in played if is_cancelled(play) is not play.ledger.closed] == []
    assert [fault for play in played for fault in faults(play, len(play.ledger.written))] == []


def is_cancelled(play: Play) -> bool:
    return play.run.status is Status.CANCELLED


def cancelled_at(
    make_ports: MakePorts, workflow_id: str, place: int, *, after: bool
) -> tuple[Play, int]:
    """Cancel the run beside one port call; return also how much was written by then."""
    fate = Fate(place=place, after=after)
    play = prepare(make_ports, workflow_id, fate)
    marks: list[int] = []
    fate.deed = _cancelling(play, marks)
    return play.to_its_end(), marks[0] if marks else 0


def _cancelling(play: Play, marks: list[int]) -> Callable[[], object]:
    def cancel() -> None:
        try:
            cancelled = play.outside.dispatch(CancelRun(run_id=play.run_id)).cancelled
        except NotFoundError:
            return
        if cancelled:
            marks.append(len(play.ledger.written))

    return cancel


def cancelled_after(make_ports: MakePorts, workflow_id: str, bells: int, fate: Fate) -> Play:
    """Answer some bells, then cancel, as *fate* will have it; the client does not ask again."""
    play = prepare(make_ports, workflow_id, fate)
    play.outside.create(workflow_id, {"value": 1}, run_id=play.run_id)
    for _ in range(bells):
        play.outside.answer_one()
    once = iter([CancelRun(run_id=play.run_id)])
    surviving(lambda: [play.inside.dispatch(command) for command in once])
    return play.on_to_its_end()


def faults(play: Play, mark: int) -> Sequence[str]:
    """Return what went wrong, if anything did; *mark*: what was written when cancel returned."""
    types = play.told
    ends = [one for one in types if one in {"workflow:cancelled", "workflow:completed"}]
    late = play.ledger.written[mark:] if play.run.status is Status.CANCELLED else []
    checks = {
        f"written after the cancel returned: {late}": not late,
        f"a stage is not over: {play.stages}": all(s.status.is_terminal for s in play.stages),
        f"more than one end, or none: {types}": len({*ends}) == 1,
        f"the last event is not the run's end: {types}": types[-1:] == ends[-1:],
        f"a stage committed twice: {play.completions}": max(play.completions.values(), default=1)
        == 1,
    }
    return [f"{play.fate.place}: {fault}" for fault, holds in checks.items() if not holds]
