"""Defects of the reference engine, correctness: here each is a rule that holds."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from adapters.memory import InlineExecutor
from adapters.system.routing import RoutingExecutor
from kernel.authoring import StageContext, stage
from kernel.commands.advance_run import AdvanceRun
from kernel.commands.annotate_run import AnnotateRun, AnnotateRunResult
from kernel.model.bell import Bell
from kernel.model.payload import Blob
from kernel.model.policy import Policy
from kernel.model.status import Status
from kernel.ports.executor import AttemptKey
from kernel.procedures.claim_pending import ClaimPending
from kernel.procedures.execute_job import ExecuteJob, JobOutcome
from tests.promises.scenes import ALL_TYPES, TWO, at_commit, cancel, close, rerun
from tests.support.moves import (
    A_MINUTE,
    begin,
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
from tests.support.workflows import Number
from tests.support.world import World, answer


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


def attach(world: World, run_id: str, id_: str) -> AnnotateRunResult:
    facts = {"approved": True}
    command = AnnotateRun(
        run_id=run_id, id=id_, attributes=facts, actor="ada", idempotency_key="approval"
    )
    return world.dispatch(command)


def test_d21_a_fact_that_is_attached_twice_is_told_once(world: World) -> None:
    world.policy = ALL_TYPES
    run_id = begin(world, "three")
    at_commit(world, 1, lambda: attach(world, run_id, "theirs"))

    late = attach(world, run_id, "mine")

    told = [event.id for event in world.sink.events if event.type == "annotation:created"]
    assert late.attached == ()
    assert [row.id for row in world.persistence.annotations(run_id)] == ["theirs:00"]
    assert told == [f"{run_id}:theirs:00:annotation:created"]
    world.finish(run_id)


class Elsewhere(InlineExecutor):
    """A place that is slow to say what came out."""

    def __init__(self) -> None:
        self.meanwhile: list[Callable[[], object]] = []

    def run(
        self, body: Callable[[], Any], *, of: AttemptKey, within: timedelta, **more: Any
    ) -> Any:
        came_out = super().run(body, of=of, within=within, **more)
        while self.meanwhile:
            self.meanwhile.pop()()
        return came_out


@pytest.mark.parametrize("workflow_id", ["three", "fan"])
def test_t36_a_stage_that_runs_elsewhere_is_fenced_like_any_other(
    world: World, workflow_id: str
) -> None:
    elsewhere = Elsewhere()
    routes = {"first": elsewhere, "left": elsewhere}
    world.ports = replace(world.ports, executor=RoutingExecutor(routes, otherwise=InlineExecutor))
    world.policy = Policy(inline_limit=0, bell_limit=0)
    run_id = begin(world, workflow_id)
    stage_id = next(iter(world.stages(run_id)))
    elsewhere.meanwhile.append(lambda: overtake(world, run_id, stage_id))

    late = execute(world, run_id, stage_id)

    done = world.stages(run_id)[stage_id]
    assert late.outcome is JobOutcome.DISCARDED
    assert (done.status, done.attempt) == (Status.COMPLETED, 2)
    assert done.result is not None
    assert isinstance(done.result.output, Blob)
    assert done.result.output.key == f"runs/{run_id}/{stage_id}/0-2/output.json"
    assert world.finish(run_id).status is Status.COMPLETED


def overtake(world: World, run_id: str, stage_id: str) -> None:
    """Let the lease end, and another worker do the job."""
    world.pass_time(10 * A_MINUTE)
    world.tick()
    world.pass_time(A_MINUTE)
    execute(world, run_id, stage_id)
