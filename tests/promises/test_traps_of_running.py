"""Traps that the reference engine's authors met late: bodies, attempts and polls.

The numbers, here and beside, are those of `docs/promises.md`.
"""

from typing import Any

import pytest

from kernel.authoring import Ready, StageContext, Suspend, batch_stage, stage, workflow
from kernel.commands.claim_stage import Refusal
from kernel.model.status import Status
from kernel.procedures.execute_job import ExecuteJob, JobOutcome
from tests.promises.scenes import TWO, cancel, statuses
from tests.support.moves import (
    A_MINUTE,
    begin,
    begin_alone,
    bell_for,
    claim,
    claimed,
    execute,
    failure,
    finish_alone,
    poll,
    settled,
)
from tests.support.workflows import Number, Ticket
from tests.support.world import World


def test_t01_a_stage_is_seen_at_work_while_its_body_runs(world: World) -> None:
    seen: list[Status] = []

    @stage(id="only")
    def looking(ctx: StageContext[Number, None]) -> Number:
        seen.append(world.stages(ctx.run_id)["only"].status)
        return ctx.input

    finish_alone(world, looking)

    assert seen == [Status.RUNNING]


def test_t03_a_bell_of_a_run_that_is_over_starts_nothing(world: World) -> None:
    run_id = begin(world, "fan")
    bell = bell_for(world, run_id, "left")
    cancel(world, run_id)
    before = len(world.persistence.commits)

    result = world.dispatch(ExecuteJob(bell=bell))

    assert result.outcome is JobOutcome.DISCARDED
    assert len(world.persistence.commits) == before


def test_t07_a_provider_that_is_slow_to_answer_holds_up_nobody(world: World) -> None:
    @batch_stage(id="slow")
    class Slow:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
            return Suspend(Ticket(number=1))

        def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number]:
            world.pass_time(A_MINUTE / 2)
            execute(world, ctx.run_id, "quick")
            return Ready(Number(value=9))

    @stage
    def quick(ctx: StageContext[Number, None]) -> Number:
        return ctx.input

    world.learn(workflow("both", input=Number).parallel(Slow, quick).build())
    run_id = begin(world, "both")
    execute(world, run_id, "slow")
    world.pass_time(A_MINUTE)

    poll(world, run_id, "slow")

    assert {*statuses(world, run_id).values()} == {Status.COMPLETED}
    assert world.run(run_id).status is Status.COMPLETED


def test_t11_deliveries_count_no_attempts(world: World) -> None:
    run_id = begin(world, "three")
    bell = bell_for(world, run_id, "first")

    outcomes = [world.dispatch(ExecuteJob(bell=bell)).outcome for _ in range(3)]

    first = world.stages(run_id)["first"]
    assert outcomes == [JobOutcome.COMPLETED] * 3
    assert (first.attempt, first.max_attempts) == (1, 3)
    world.finish(run_id)


def test_t18_a_failure_that_will_be_tried_again_fails_no_run(world: World) -> None:
    run_id = begin(world, "fan")
    settled(world, run_id, "left", failure(delay=A_MINUTE))

    execute(world, run_id, "right")

    assert world.run(run_id).status is Status.RUNNING
    assert world.finish(run_id).status is Status.COMPLETED


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_t21_a_stage_that_is_completed_is_not_executed_again(
    world: World, workflow_id: str
) -> None:
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    bell = bell_for(world, run_id, stage_id)
    settled(world, run_id, stage_id, TWO)

    again = claim(world, run_id, stage_id, attempt=bell.attempt)

    assert again.refusal in {Refusal.FINISHED, Refusal.OUTDATED}
    assert world.stages(run_id)[stage_id].attempt == 1
    world.finish(run_id)


def test_t24_of_two_who_free_a_lost_job_one_does_and_says_so_once(world: World) -> None:
    run_id = begin(world, "failing")
    execute(world, run_id, "first")
    claimed(world, run_id, "fails")
    world.pass_time(10 * A_MINUTE)
    world.persistence.meanwhile(world.tick)

    world.tick()

    told = [event.attempt for event in world.sink.events if event.type == "stage:failed"]
    assert told == [1]
    assert world.stages(run_id)["fails"].status is Status.PENDING


def test_t27_a_stage_that_was_resumed_leaves_nothing_suspended_and_nothing_due(
    world: World,
) -> None:
    run_id = world.create("waiting", {"value": 1})

    run = world.finish(run_id)

    wait = world.stages(run_id)["wait"]
    assert (run.status, wait.status, wait.suspension) == (Status.COMPLETED, Status.COMPLETED, None)
    assert world.sink.types.count("stage:suspended") == 1
    assert world.due() == []


@pytest.mark.parametrize("empty", [0, "", False, [], None], ids=repr)
def test_t34_an_output_that_looks_like_nothing_is_an_output(world: World, empty: Any) -> None:
    received: list[Any] = []

    @stage
    def before(ctx: StageContext[Number, None]) -> Any:
        return empty

    @stage
    def after(ctx: StageContext[Any, None]) -> Number:
        received.extend([ctx.input, ctx.require(before)])
        return Number(value=1)

    world.learn(workflow("empty", input=Number).pipe(before).pipe(after).build())
    run_id = world.create("empty", {"value": 1})
    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
    assert received == [empty, empty]


def test_t19_a_body_that_hands_back_what_it_did_not_declare_burns_no_attempts(
    world: World,
) -> None:
    @stage(id="only")
    def wrong(ctx: StageContext[Number, None]) -> Number:
        untyped: Any = {"value": "many"}
        return untyped  # type: ignore[no-any-return]

    run_id = begin_alone(world, wrong)
    run = world.finish(run_id)

    only = world.stages(run_id)["only"]
    assert (run.status, only.attempt) == (Status.FAILED, 1)
    assert only.error is not None
    assert only.error.code == "INVALID_OUTPUT"
