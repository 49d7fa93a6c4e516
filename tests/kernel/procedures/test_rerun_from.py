"""A run that is over goes again from any stage; what was, stays readable."""

import pytest

from kernel.errors import ConflictError, IllegalTransitionError, NotFoundError
from kernel.model.change import Change, KeepPast
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.rerun_from import RerunFrom
from tests.support.moves import begin, kinds
from tests.support.world import World

LAYOUTS = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)


@LAYOUTS
@pytest.mark.parametrize(
    ("workflow_id", "stage_id", "kept", "replaced"),
    [
        ("three", "first", set(), {"first", "second", "third"}),
        ("three", "third", {"first", "second"}, {"third"}),
        ("diamond", "right", {"first"}, {"left", "right", "join"}),
        ("diamond", "join", {"first", "left", "right"}, {"join"}),
        ("waiting", "wait", {"first"}, {"wait", "second"}),
    ],
)
def test_a_run_goes_again_from_any_stage(
    world: World, workflow_id: str, stage_id: str, kept: set[str], replaced: set[str]
) -> None:
    run_id = begin(world, workflow_id)
    world.finish(run_id)
    before = {id_: world.output(run_id, id_) for id_ in world.stages(run_id)}

    result = world.dispatch(RerunFrom(run_id=run_id, stage_id=stage_id))
    world.finish(run_id)

    stages = world.stages(run_id)
    assert (result.generation, world.run(run_id).status) == (1, Status.COMPLETED)
    assert {id_ for id_ in stages if stages[id_].generation == 0} == kept
    assert {past.id for past in world.persistence.past(run_id)} == replaced
    assert {id_: world.output(run_id, id_) for id_ in stages} == before


@LAYOUTS
def test_a_cancelled_run_goes_again_and_its_cancelled_stage_is_history(world: World) -> None:
    run_id = begin(world, "waiting")
    world.drain()
    world.dispatch(CancelRun(run_id=run_id))

    world.dispatch(RerunFrom(run_id=run_id, stage_id="first"))
    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
    (cancelled,) = [past for past in world.persistence.past(run_id) if past.id == "wait"]
    assert (cancelled.status, cancelled.generation) == (Status.CANCELLED, 0)


@LAYOUTS
def test_a_stage_that_failed_goes_again_with_all_its_attempts(world: World) -> None:
    run_id = begin(world, "failing")
    world.finish(run_id)

    world.dispatch(RerunFrom(run_id=run_id, stage_id="fails"))
    world.finish(run_id)

    (past,) = world.persistence.past(run_id)
    assert (past.attempt, world.stages(run_id)["fails"].attempt) == (2, 2)
    assert world.run(run_id).generation == 1


def test_a_late_worker_of_the_old_generation_changes_nothing(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    old = [bell for bell in world.answered if bell.stage_id == "second"]
    world.dispatch(RerunFrom(run_id=run_id, stage_id="second"))

    world.ports.transport.send(old)
    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
    assert world.stages(run_id)["second"].attempt == 1


def test_who_is_overtaken_again_and_again_gives_up(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.persistence.watchers.append(Rival(world, run_id).look)

    with pytest.raises(ConflictError, match="by others"):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="third"))

    assert world.run(run_id).generation == world.policy.conflict_tries


class Rival:
    """Whenever somebody has kept what is to be replaced, reruns the run, to its end."""

    def __init__(self, world: World, run_id: str) -> None:
        self._world = world
        self._run_id = run_id
        self._is_busy = False

    def look(self, commit: tuple[Change, ...]) -> None:
        if self._is_busy or KeepPast not in kinds(commit):
            return
        self._is_busy = True
        self._world.dispatch(RerunFrom(run_id=self._run_id, stage_id="third"))
        self._world.finish(self._run_id)
        self._is_busy = False


def test_a_run_that_is_not_over_is_not_rerun(world: World) -> None:
    run_id = begin(world, "three")

    with pytest.raises(IllegalTransitionError, match="RUNNING"):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="first"))

    assert world.persistence.past(run_id) == []
    world.finish(run_id)


def test_a_rerun_does_not_skip_what_never_completed(world: World) -> None:
    run_id = begin(world, "failing")
    world.finish(run_id)

    with pytest.raises(IllegalTransitionError, match="earlier"):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="second"))


def test_a_stage_that_the_workflow_lacks_is_not_found(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)

    with pytest.raises(NotFoundError, match="'nonesuch'"):
        world.dispatch(RerunFrom(run_id=run_id, stage_id="nonesuch"))


@LAYOUTS
def test_whoever_is_overtaken_by_another_rerun_keeps_what_that_one_made(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)

    def somebody_else() -> None:
        world.dispatch(RerunFrom(run_id=run_id, stage_id="third"))
        world.finish(run_id)

    world.persistence.meanwhile(lambda: None, somebody_else)
    result = world.dispatch(RerunFrom(run_id=run_id, stage_id="third"))

    assert result.generation == 2
    assert [past.generation for past in world.persistence.past(run_id)] == [0, 1]
    world.finish(run_id)
