"""Callbacks: a stage gives a link away and waits until somebody follows it up."""

from datetime import timedelta

import pytest

from kernel.errors import GoneError
from kernel.model.status import Status
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.rerun_from import RerunFrom
from tests.support.calling import BROKEN, asked
from tests.support.world import CALLBACK_BASE, World

A_MINUTE = timedelta(minutes=1)
AN_HOUR = timedelta(hours=1)


@pytest.mark.parametrize("aside", [False, True])
def test_a_stage_goes_on_when_somebody_answers(world: World, *, aside: bool) -> None:
    run = asked(world, aside=aside)

    result = run.answer({"value": 41})

    assert (result.resumed, result.status) == (True, Status.COMPLETED)
    assert world.finish(run.run_id).status is Status.COMPLETED
    assert world.output(run.run_id, "ask") == {"value": 41}


def test_nothing_happens_while_it_waits(world: World) -> None:
    run = asked(world, max_wait=timedelta(days=2))
    answered = len(world.answered)

    world.pass_time(timedelta(days=1))
    world.tick()
    world.drain()

    assert len(world.answered) == answered
    assert run.stage.status is Status.SUSPENDED
    assert run.urls[0].startswith(f"{CALLBACK_BASE}/callbacks/")


def test_an_answer_may_be_that_it_failed(world: World) -> None:
    run = asked(world)

    result = run.answer(error=BROKEN)

    ended = world.finish(run.run_id)
    assert (result.resumed, result.status) == (True, Status.FAILED)
    assert ended.status is Status.FAILED
    assert ended.error is not None
    assert (ended.error.code, ended.error.message) == ("REFUSED", "The boss said no.")


def test_an_answer_counts_once(world: World) -> None:
    run = asked(world)
    run.answer({"value": 41})

    again = run.answer({"value": 99})

    assert (again.resumed, again.status) == (False, Status.COMPLETED)
    assert world.output(run.run_id, "ask") == {"value": 41}


def test_who_does_not_answer_in_time_is_not_waited_for(world: World) -> None:
    run = asked(world, max_wait=AN_HOUR)

    ended = world.finish(run.run_id)

    assert ended.error is not None
    assert (ended.status, ended.error.code) == (Status.FAILED, "SUSPENSION_TIMEOUT")
    with pytest.raises(GoneError, match="FAILED"):
        run.answer({"value": 41})


def test_a_cancelled_run_takes_no_answer(world: World) -> None:
    run = asked(world)
    world.dispatch(CancelRun(run_id=run.run_id))

    with pytest.raises(GoneError, match="CANCELLED"):
        run.answer({"value": 41})

    assert world.finish(run.run_id).status is Status.CANCELLED


def test_a_rerun_asks_anew_and_the_old_link_is_worth_nothing(world: World) -> None:
    run = asked(world)
    world.dispatch(CancelRun(run_id=run.run_id))
    world.dispatch(RerunFrom(run_id=run.run_id, stage_id="first"))
    world.drain()
    old, new = (url.rpartition("/")[2] for url in run.urls)

    with pytest.raises(GoneError, match="started again"):
        run.answer({"value": 1}, token=old)
    run.answer({"value": 2}, token=new)

    assert world.finish(run.run_id).status is Status.COMPLETED
    assert world.output(run.run_id, "ask") == {"value": 2}
