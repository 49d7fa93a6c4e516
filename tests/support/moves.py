"""Single moves of a run in a world, for tests that stop in the middle of one."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from kernel.authoring import Workflow, workflow
from kernel.commands.claim_stage import ClaimStage, ClaimStageResult
from kernel.commands.settle_stage import SettleStage
from kernel.decisions.bells import execute_bell
from kernel.model.bell import Bell
from kernel.model.change import Change, Condition, UpdateRun
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.payload import Inline
from kernel.model.run import Run
from kernel.model.stage import Poll, Result, StageRecord
from kernel.model.verdict import Erred, Succeeded, Suspending, Verdict
from kernel.ports.persistence import Standing
from kernel.procedures.claim_pending import ClaimPending
from kernel.procedures.execute_job import ExecuteJob, ExecuteJobResult
from kernel.procedures.poll_stages import PollStages, PollStagesResult
from tests.support.builders import update_run
from tests.support.workflows import Number
from tests.support.world import World

MINE = "mine"
A_SECOND = timedelta(seconds=1)
A_MINUTE = timedelta(minutes=1)
A_LEASE = timedelta(minutes=5)


def alone(made: Any) -> Workflow:
    """Return the workflow that has nothing but the stage *made*."""
    return workflow("alone", input=Number).pipe(made).build()


def begin(world: World, workflow_id: str, value: int = 1, **more: Any) -> str:
    """Create a run and start it; its first bells have not been answered."""
    run_id = world.create(workflow_id, {"value": value}, **more)
    world.dispatch(ClaimPending(run_ids=[run_id]))
    return run_id


def begin_alone(world: World, made: Any, value: int = 1, **more: Any) -> str:
    """Start a run that has nothing but the stage *made*."""
    world.learn(alone(made))
    return begin(world, "alone", value, **more)


def finish_alone(world: World, made: Any, **more: Any) -> Run:
    """Run nothing but the stage *made*, to the end."""
    return world.finish(begin_alone(world, made, **more))


def bell_for(world: World, run_id: str, stage_id: str) -> Bell:
    """Return the bell for the stage's next attempt, with nothing in it."""
    return execute_bell(world.stages(run_id)[stage_id])


def claim(
    world: World, run_id: str, stage_id: str, *, token: str = MINE, **bell: Any
) -> ClaimStageResult:
    """Answer the stage's bell, altered by *bell*, as far as its claim."""
    rung = replace(bell_for(world, run_id, stage_id), **bell)
    key = world.stages(run_id)[stage_id].key
    return world.dispatch(ClaimStage(bell=rung, key=key, token=token, lasts=A_LEASE))


def claimed(world: World, run_id: str, stage_id: str, *, token: str = MINE) -> Standing:
    """Claim the stage, and return it as it was won."""
    won = claim(world, run_id, stage_id, token=token)
    assert won.standing is not None
    assert won.refusal is None
    return won.standing


def settle(
    world: World, held: Standing, verdict: Verdict, *, token: str = MINE, **more: Any
) -> StageRecord | None:
    command = SettleStage(seen=held, token=token, verdict=verdict, **more)
    return world.dispatch(command).stage


def settled(world: World, run_id: str, stage_id: str, verdict: Verdict) -> StageRecord:
    """Claim the stage and settle it, without what follows."""
    stage = settle(world, claimed(world, run_id, stage_id), verdict)
    assert stage is not None
    return stage


def execute(world: World, run_id: str, stage_id: str, **more: Any) -> ExecuteJobResult:
    """Answer the stage's bell."""
    return world.dispatch(ExecuteJob(bell=bell_for(world, run_id, stage_id), **more))


def poll(world: World, run_id: str, stage_id: str) -> PollStagesResult:
    stage = world.stages(run_id)[stage_id]
    return world.dispatch(PollStages(polls=[Poll(workflow_id=stage.workflow_id, key=stage.key)]))


def success(value: Json = None) -> Succeeded:
    return Succeeded(result=Result(output=Inline(value=value)), output=value)


def failure(code: str = "STAGE_ERROR", *, retryable: bool = True, **more: Any) -> Erred:
    return Erred(failure=Failure.of(code, "It broke.", retryable=retryable), **more)


def suspending(**given: Any) -> Suspending:
    waits = Suspending(
        state=Inline(value={"number": 7}), poll_every=A_MINUTE, max_wait=timedelta(days=1)
    )
    return replace(waits, **given)


def alter(world: World, run_id: str, *requires: Condition, **written: Any) -> UpdateRun:
    """Write fields of a run past the engine, as another version of it might."""
    change = update_run(world.run(run_id), *requires, **written)
    world.persistence.commit([change])
    return change


def kinds(commit: tuple[Change, ...]) -> list[type[Change]]:
    """Return what a commit was made of."""
    return [type(change) for change in commit]
