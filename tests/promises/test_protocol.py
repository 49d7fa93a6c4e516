"""Rules of the protocol that follow from none of the violations."""

from dataclasses import replace
from typing import NoReturn

import pytest

from kernel.errors import GoneError
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.procedures.execute_job import ExecuteJob, JobOutcome
from kernel.queries.list_due import due_run_ids
from tests.promises.scenes import at_commit, cancel, rerun
from tests.support.calling import asked
from tests.support.moves import begin
from tests.support.steering import SteeredPersistence
from tests.support.world import CALLBACK_BASE, World


@pytest.mark.parametrize("aside", [False, True])
def test_p10_of_two_answers_at_once_one_counts_and_its_bytes_stay(
    world: World, *, aside: bool
) -> None:
    world.policy = Policy(inline_limit=0, bell_limit=0, callback_base=CALLBACK_BASE)
    run = asked(world, aside=aside)
    at_commit(world, 1, lambda: run.answer({"value": 8}))

    late = run.answer({"value": 7})

    assert (late.resumed, late.status) == (False, Status.COMPLETED)
    assert world.output(run.run_id, "ask") == {"value": 8}
    assert world.finish(run.run_id).status is Status.COMPLETED


@pytest.mark.parametrize("aside", [False, True])
def test_p10_an_answer_that_comes_with_a_cancel_revives_nothing(
    world: World, *, aside: bool
) -> None:
    run = asked(world, aside=aside)
    at_commit(world, 1, lambda: cancel(world, run.run_id))

    with pytest.raises(GoneError):
        run.answer({"value": 7})

    assert run.stage.status is Status.CANCELLED
    assert world.run(run.run_id).status is Status.CANCELLED


@pytest.mark.parametrize("aside", [False, True])
def test_p34_a_stage_that_waits_for_a_call_is_due_at_its_deadline_and_fails_there(
    world: World, *, aside: bool
) -> None:
    run = asked(world, aside=aside)
    waits = run.stage.suspension
    assert waits is not None

    world.pass_time(waits.deadline - world.now)
    is_due = run.run_id in due_run_ids(world.ports, limit=10)

    assert is_due
    assert world.finish(run.run_id).status is Status.FAILED


def test_p38_the_key_of_a_rerun_is_for_its_run(world: World) -> None:
    run_ids = [begin(world, "three"), begin(world, "three")]
    for run_id in run_ids:
        world.finish(run_id)

    made = [rerun(world, run_id, "third", "again").rerun for run_id in (*run_ids, *run_ids)]

    assert made == [True, True, False, False]
    assert [world.run(run_id).generation for run_id in run_ids] == [1, 1]
    for run_id in run_ids:
        world.finish(run_id)


class Illegible(SteeredPersistence):
    """Shows nobody a whole run."""

    def snapshot(self, run_id: str) -> NoReturn:
        message = f"Nobody was to read run {run_id!r}."
        raise AssertionError(message)


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_p40_a_bell_of_the_same_definition_is_answered_without_reading_the_run(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    bell = world.transport.last.bell
    readable = world.ports
    world.ports = replace(readable, persistence=Illegible(world.persistence))

    result = world.dispatch(ExecuteJob(bell=bell))

    world.ports = readable
    assert bell.fingerprint == world.run(run_id).fingerprint
    assert result.outcome is JobOutcome.COMPLETED
    assert world.finish(run_id).status is Status.COMPLETED
