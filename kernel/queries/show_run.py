"""One run as people want to see it: where it stands, and its stages with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kernel.errors import NotFoundError
from kernel.model.call import Bill
from kernel.model.failure import Failure
from kernel.model.money import dollars
from kernel.model.payload import Payload
from kernel.model.run import Run
from kernel.model.stage import Progress, Result, StageRecord
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from kernel.queries.roll_call import RollCall


@dataclass(frozen=True, kw_only=True)
class WaitView:
    """What a suspended stage waits for: its next poll, or a callback; until *deadline*.

    *budget*: it waits for a larger one, for a call that may come to that, in US dollars.
    """

    next_poll_at: datetime | None
    deadline: datetime
    callback: bool
    budget: str | None = None


@dataclass(frozen=True, kw_only=True)
class StageView:
    """A stage, without what is its worker's business only, such as the lease's token.

    Args:
        unserved: Why nobody may come for it, where it is PENDING in a named queue.
    """

    id: str
    group: int
    status: Status
    generation: int
    attempt: int
    max_attempts: int
    polls: int
    created_at: datetime
    not_before: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    progress: Progress | None
    wait: WaitView | None
    unserved: str | None
    error: Failure | None
    result: Result | None

    @property
    def output(self) -> Payload | None:
        return self.result.output if self.result else None


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run and its stages, by group and then as the workflow has them.

    Args:
        waiting: It is RUNNING, and every stage that it waits for is SUSPENDED.
        ending_as: What it is about to be, where it is being cancelled or failed from outside.
        group: The one it is in, from 1; 0 before it started.
        bill: What it has spent on models; None where it has asked none and has no budget.
    """

    id: str
    workflow_id: str
    status: Status
    waiting: bool
    ending_as: Status | None
    generation: int
    group: int
    priority: int
    tenant: str | None
    created_at: datetime
    start_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    error: Failure | None
    stages: tuple[StageView, ...]
    bill: Bill | None

    @property
    def outputs(self) -> Mapping[str, Payload | None]:
        """What the last group put out, by stage; nothing while the run is not COMPLETED."""
        if self.status is not Status.COMPLETED:
            return {}
        return {stage.id: stage.output for stage in self.stages if stage.group == self.group}


def show_run(ports: Ports, run_id: str) -> RunView:
    """Return the run as it stands.

    Stages of groups that the run has not come to are left out: they were made in an older
    generation, or after the run was read.

    Raises:
        NotFoundError: There is no such run.
    """
    snapshot = ports.persistence.snapshot(run_id)
    run = snapshot.run
    if run.retired_at is not None:
        raise NotFoundError(f"Run {run_id!r} has been deleted.", run_id=run_id)
    stages = list(snapshot.current)
    unserved = _unserved(ports, run, stages)
    return RunView(
        id=run.id,
        workflow_id=run.workflow_id,
        status=run.status,
        waiting=_is_waiting(run, stages),
        ending_as=run.closing.target if run.closing else None,
        generation=run.generation,
        group=run.cursor,
        priority=run.priority,
        tenant=run.tenant,
        created_at=run.created_at,
        start_at=run.start_at,
        started_at=run.started_at,
        completed_at=run.completed_at,
        error=run.error,
        stages=tuple(_stage(stage, unserved.get(stage.id)) for stage in stages),
        bill=ports.persistence.bill(run_id),
    )


def _unserved(ports: Ports, run: Run, stages: Sequence[StageRecord]) -> Mapping[str, str]:
    """Return of the stages that nobody may come for why that is so."""
    pending = [stage.id for stage in stages if stage.status is Status.PENDING]
    if not (run.is_open and pending):
        return {}
    try:
        workflow = ports.registry.workflow(run.workflow_id)
    except NotFoundError:
        return {}
    roll = RollCall(ports)
    lacking = ((stage_id, roll.lacking(workflow, stage_id)) for stage_id in pending)
    return {stage_id: why for stage_id, why in lacking if why is not None}


def _is_waiting(run: Run, stages: list[StageRecord]) -> bool:
    active = [stage for stage in stages if not stage.status.is_terminal]
    suspended = all(stage.status is Status.SUSPENDED for stage in active)
    return run.is_open and bool(active) and suspended


def _stage(stage: StageRecord, unserved: str | None) -> StageView:
    return StageView(
        id=stage.id,
        group=stage.group,
        status=stage.status,
        generation=stage.generation,
        attempt=stage.attempt,
        max_attempts=stage.max_attempts,
        polls=stage.polls,
        created_at=stage.created_at,
        not_before=stage.not_before,
        started_at=stage.started_at,
        completed_at=stage.completed_at,
        progress=stage.progress,
        wait=_wait(stage),
        unserved=unserved,
        error=stage.error,
        result=stage.result,
    )


def _wait(stage: StageRecord) -> WaitView | None:
    waits = stage.suspension
    if waits is None:
        return None
    return WaitView(
        next_poll_at=waits.next_poll_at,
        deadline=waits.deadline,
        callback=waits.callback,
        budget=None if waits.wanted is None else f"{dollars(waits.wanted).normalize():f}",
    )
