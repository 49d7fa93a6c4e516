"""An answer may die or be overtaken beside any port call: it counts once, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

import pytest

from kernel.errors import RejectedError
from kernel.model.json import Json
from kernel.model.policy import Policy
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.rerun_from import RerunFrom
from kernel.procedures.resume_stage import ResumeStage
from tests.simulation.schedules import MakePorts, Play, prepare, surviving
from tests.support.calling import asking, asking_aside, token_in
from tests.support.saboteurs import Crash, Fate
from tests.support.world import World

WORKFLOWS = pytest.mark.parametrize("workflow_id", ["asking", "aside"])
MAX_WAIT = timedelta(minutes=20)
MINE, THEIRS, NEW = 2, 3, 4
# However small, an output lies in the blob store: there, too, nobody may overwrite the winner's.
BLOBS = Policy(inline_limit=0)


@dataclass(kw_only=True)
class Call:
    """A run that waits for a call. *resumed* and *refused* say which answers were."""

    play: Play
    urls: list[str] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    mark: int | None = None

    @property
    def stage(self) -> StageRecord:
        return next(stage for stage in self.play.stages if stage.id == "ask")

    @property
    def output(self) -> Json:
        return self.play.outside.output(self.play.run_id, "ask")

    def answer(self, world: World, value: int, *, nth: int = 0) -> None:
        command = ResumeStage(token=token_in(self.urls[nth]), output={"value": value})
        try:
            result = replace(world, policy=BLOBS).dispatch(command)
        except RejectedError:
            self.refused.append(value)
        else:
            self.resumed += [value] if result.resumed else []

    def answer_mine(self) -> None:
        self.answer(self.play.inside, MINE)


Deed: TypeAlias = Callable[[Call], object]


def waiting(make_ports: MakePorts, workflow_id: str, fate: Fate) -> Call:
    """Bring a run to where nothing but the call is missing; then fate begins."""
    call = Call(play=prepare(make_ports, workflow_id, fate))
    outside = call.play.outside
    making = asking if workflow_id == "asking" else asking_aside
    outside.learn(making(call.urls, max_wait=MAX_WAIT))
    outside.create(workflow_id, {"value": 1}, run_id=call.play.run_id)
    outside.drain()
    return call


def everywhere(make_ports: MakePorts, workflow_id: str, deed: Deed | None = None) -> list[Call]:
    """Answer beside *deed* at every place; where there is none, die there."""
    whole = waiting(make_ports, workflow_id, Fate())
    whole.answer_mine()
    assert whole.resumed == [MINE]
    places = range(1, len(whole.play.fate.calls) + 1)
    fates = [Fate(place=place, after=after) for place in places for after in (False, True)]
    return [answered(make_ports, workflow_id, fate, deed) for fate in fates]


def answered(make_ports: MakePorts, workflow_id: str, fate: Fate, deed: Deed | None) -> Call:
    call = waiting(make_ports, workflow_id, fate)
    if deed is not None:
        left = [deed]
        fate.deed = lambda: left and left.pop()(call)
    try:
        call.answer_mine()
    except Crash:
        return call
    return call


def completions(call: Call) -> set[int]:
    """Return how often each stage was completed."""
    return {*call.play.completions.values()}


@WORKFLOWS
def test_an_answer_that_dies_may_be_repeated(make_ports: MakePorts, workflow_id: str) -> None:
    calls = everywhere(make_ports, workflow_id)

    for call in calls:
        surviving(call.answer_mine)
        call.play.on_to_its_end()

    assert {call.play.run.status for call in calls} == {Status.COMPLETED}
    assert [call for call in calls if completions(call) != {1}] == []
    assert [call for call in calls if call.output != {"value": MINE} or call.refused] == []
    assert {call.play.told[-1] for call in calls} == {"workflow:completed"}


@WORKFLOWS
def test_an_answer_that_dies_and_is_not_repeated_counts_where_it_was_committed(
    make_ports: MakePorts, workflow_id: str
) -> None:
    calls = everywhere(make_ports, workflow_id)
    committed = [call.stage.status for call in calls]

    for call in calls:
        call.play.on_to_its_end()

    assert {*committed} == {Status.SUSPENDED, Status.COMPLETED}
    assert [call.stage.status is Status.COMPLETED for call in calls] == [
        status is Status.COMPLETED for status in committed
    ]
    assert [call for call in calls if call.play.run.status is not call.stage.status] == []


@WORKFLOWS
def test_of_two_answers_at_once_one_counts(make_ports: MakePorts, workflow_id: str) -> None:
    calls = everywhere(
        make_ports, workflow_id, lambda call: call.answer(call.play.outside, THEIRS)
    )

    for call in calls:
        call.play.on_to_its_end()

    assert {call.resumed[0] for call in calls} == {MINE, THEIRS}
    assert [call for call in calls if len(call.resumed) != 1 or call.refused] == []
    assert [call for call in calls if call.output != {"value": call.resumed[0]}] == []
    assert [call for call in calls if completions(call) != {1}] == []


def cancel(call: Call) -> None:
    outside = call.play.outside
    if outside.dispatch(CancelRun(run_id=call.play.run_id)).cancelled:
        call.mark = len(call.play.ledger.written)


@WORKFLOWS
def test_no_answer_counts_after_a_cancel_returned(make_ports: MakePorts, workflow_id: str) -> None:
    calls = everywhere(make_ports, workflow_id, cancel)

    for call in calls:
        call.play.on_to_its_end()

    late = [call for call in calls if call.mark not in (None, len(call.play.ledger.written))]
    assert late == []
    assert {bool(call.resumed) for call in calls} == {True, False}
    assert [call for call in calls if bool(call.resumed) is bool(call.refused)] == []
    assert [
        call for call in calls if (call.stage.status is Status.COMPLETED) is not bool(call.resumed)
    ] == []


def rerun(call: Call) -> None:
    outside = call.play.outside
    outside.dispatch(CancelRun(run_id=call.play.run_id))
    outside.dispatch(RerunFrom(run_id=call.play.run_id, stage_id="ask"))
    outside.drain()


@WORKFLOWS
def test_an_old_link_never_answers_a_rerun(make_ports: MakePorts, workflow_id: str) -> None:
    calls = everywhere(make_ports, workflow_id, rerun)
    stood = [(call.stage.generation, call.stage.status) for call in calls]

    for call in calls:
        call.answer(call.play.outside, MINE)
        call.answer(call.play.outside, NEW, nth=1)
        call.play.on_to_its_end()

    assert {*stood} == {(1, Status.SUSPENDED)}
    assert [call for call in calls if call.resumed[-1] != NEW or MINE not in call.refused] == []
    assert [call for call in calls if call.output != {"value": NEW}] == []
    assert {call.play.run.status for call in calls} == {Status.COMPLETED}


def let_the_deadline_pass(call: Call) -> None:
    """Let the tick see to it, too: it has the stage polled."""
    outside = call.play.outside
    outside.pass_time(MAX_WAIT)
    outside.tick()
    outside.drain()


@WORKFLOWS
def test_an_answer_beats_the_deadline_or_is_refused(
    make_ports: MakePorts, workflow_id: str
) -> None:
    calls = everywhere(make_ports, workflow_id, let_the_deadline_pass)

    for call in calls:
        call.play.on_to_its_end()

    assert {call.stage.status for call in calls} == {Status.COMPLETED, Status.FAILED}
    assert [call for call in calls if bool(call.resumed) is bool(call.refused)] == []
    assert [
        call for call in calls if (call.stage.status is Status.COMPLETED) is not bool(call.resumed)
    ] == []
    assert [call for call in calls if call.play.run.status is not call.stage.status] == []
