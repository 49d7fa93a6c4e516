"""Defects of the reference engine, correctness: here each is a rule that holds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from kernel.authoring import NotReady, Ready, StageContext, Suspend, batch_stage, stage
from kernel.commands.advance_run import AdvanceRun
from kernel.commands.claim_stage import ClaimStage
from kernel.model.bell import Bell
from kernel.model.status import Status
from kernel.procedures.claim_pending import ClaimPending
from kernel.procedures.execute_job import ExecuteJob
from tests.promises.scenes import TWO, at_commit, cancel, close, rerun, ticks_for
from tests.support.moves import (
    A_MINUTE,
    begin,
    begin_alone,
    bell_for,
    claimed,
    execute,
    failure,
    finish_alone,
    settle,
    settled,
)
from tests.support.steering import SteeredTransport
from tests.support.turns import Turns
from tests.support.workflows import Number, Ticket
from tests.support.world import World, answer

TWO_HOURS = timedelta(hours=2)


class PromptTransport(SteeredTransport):
    """Has every bell answered before the sender goes on."""

    answer: Callable[[Bell], object]

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        super().send([], delay=delay)
        for bell in bells:
            self.answer(bell)


@pytest.mark.parametrize("workflow_id", ["three", "diamond"])
def test_d01_a_bell_finds_its_stage_however_early_it_is_answered(
    world: World, workflow_id: str
) -> None:
    prompt = PromptTransport(clock=world.clock, visibility=A_MINUTE)
    prompt.answer = lambda bell: answer(world.kernel, bell)
    world.ports = replace(world.ports, transport=prompt)

    run_id = world.create(workflow_id, {"value": 1})

    assert world.run(run_id).status is Status.COMPLETED
    assert {one.attempt for one in world.stages(run_id).values()} == {1}


def test_d01_a_start_that_loses_its_commit_rings_for_nothing(world: World) -> None:
    run_id = world.create("fan", {"value": 1})
    before = len(world.transport.sent)
    at_commit(world, 1, lambda: close(world, run_id))

    world.dispatch(ClaimPending(run_ids=[run_id]))

    assert len(world.transport.sent) == before
    assert world.stages(run_id) == {}
    cancel(world, run_id)


def polled_seldom(world: World) -> str:
    @batch_stage(id="only")
    class Seldom:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1), poll_every=3 * TWO_HOURS, max_wait=8 * TWO_HOURS)

        def check(
            self, ctx: StageContext[Number, None], state: Ticket
        ) -> Ready[Number] | NotReady:
            return NotReady()

    run_id = begin_alone(world, Seldom)
    execute(world, run_id, "only")
    return run_id


def in_a_backlog(world: World) -> str:
    world.transport.deaf = True
    return begin(world, "three")


def at_work_for_long(world: World) -> str:
    run_id = begin(world, "three")
    bell, key = bell_for(world, run_id, "first"), world.stages(run_id)["first"].key
    world.dispatch(ClaimStage(bell=bell, key=key, token="theirs", lasts=3 * TWO_HOURS))
    return run_id


@pytest.mark.parametrize("given", [polled_seldom, in_a_backlog, at_work_for_long])
def test_d02_a_long_wait_is_no_standstill(world: World, given: Callable[[World], str]) -> None:
    run_id = given(world)
    before = world.stages(run_id)

    ticks_for(world, TWO_HOURS)

    after = world.stages(run_id)
    assert world.run(run_id).status is Status.RUNNING
    assert [one.status for one in after.values()] == [one.status for one in before.values()]
    assert [one.attempt for one in after.values()] == [one.attempt for one in before.values()]
    world.transport.deaf = False
    cancel(world, run_id)


def test_d06_a_claim_that_comes_with_a_cancel_revives_no_stage(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")
    at_commit(world, 1, lambda: cancel(world, run_id))

    world.dispatch(ExecuteJob(bell=bell))

    assert world.stages(run_id)["first"].status is Status.CANCELLED
    assert world.sink.types[-1] == "workflow:cancelled"


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_d07_a_late_failure_leaves_a_completed_stage_completed(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    late = claimed(world, run_id, stage_id, token="late")
    world.pass_time(10 * A_MINUTE)
    world.tick()
    world.pass_time(A_MINUTE)
    execute(world, run_id, stage_id)

    left = settle(world, late, failure(), token="late")

    assert left is None
    assert world.stages(run_id)[stage_id].status is Status.COMPLETED
    assert world.finish(run_id).status is Status.COMPLETED


def test_d08_a_body_that_returns_nothing_where_it_declared_something_ends_its_run(
    world: World,
) -> None:
    @stage(id="only")
    def forgetful(ctx: StageContext[Number, None]) -> Number:
        nothing: Any = None
        return nothing  # type: ignore[no-any-return]

    run = finish_alone(world, forgetful)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "INVALID_OUTPUT")
    assert world.stages(run.id)["only"].attempt == 1


class Strict(BaseModel):
    """Another model than the stage's own."""

    count: int


def test_d15_a_validation_error_in_a_body_is_a_failure_like_any_other(world: World) -> None:
    turns = Turns[dict[str, Any]]({"count": "none"}, {"count": 3})

    @stage(id="only")
    def parsing(ctx: StageContext[Number, None]) -> Number:
        return Number(value=Strict.model_validate(turns.take()).count)

    run = finish_alone(world, parsing)

    assert run.status is Status.COMPLETED
    assert world.stages(run.id)["only"].attempt == 2


def test_d16_a_cancel_that_comes_with_the_end_leaves_one_end(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", TWO)
    settled(world, run_id, "right", TWO)
    at_commit(world, 1, lambda: world.dispatch(AdvanceRun(run_id=run_id)))

    result = cancel(world, run_id)

    assert (result.cancelled, result.status) == (False, Status.COMPLETED)
    assert world.sink.types[-1] == "workflow:completed"
    assert "workflow:cancelled" not in world.sink.types


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_d20_a_worker_of_an_older_generation_excuses_no_failure_of_the_next(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    old = claimed(world, run_id, stage_id, token="old")
    cancel(world, run_id)
    rerun(world, run_id, stage_id)
    settled(world, run_id, stage_id, failure(retryable=False))

    late = settle(world, old, TWO, token="old")
    run = world.finish(run_id)

    assert late is None
    assert run.status is Status.FAILED


def test_d21_each_attempt_pins_under_its_own_number(world: World) -> None:
    turns = Turns[Number](ValueError("not yet"), Number(value=1))

    @stage(id="only")
    def noting(ctx: StageContext[Number, None]) -> Number:
        ctx.annotate("tried", ctx.attempt)
        return turns.take()

    run = finish_alone(world, noting)

    pinned = world.persistence.annotations(run.id)
    assert [(one.attempt, one.value) for one in pinned] == [(1, 1), (2, 2)]
