"""A worker died: free its job, or fail the stage when its attempts are used up."""

from dataclasses import dataclass
from typing import Final

from kernel.decisions.reading import standing
from kernel.decisions.settling import Holding, err
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import before, equals
from kernel.model.failure import Failure
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred
from kernel.ports.persistence import Standing

WORKER_LOST: Final = Erred(
    failure=Failure.of(
        "WORKER_LOST",
        "The worker was lost: the attempt's lease ended before it was settled.",
        retryable=True,
    )
)


@dataclass(frozen=True, kw_only=True)
class ReapLeaseResult:
    """*stage* as it was left; None where its lease is live, or it is not running."""

    stage: StageRecord | None


@dataclass(frozen=True, kw_only=True)
class ReapLease(Command[ReapLeaseResult]):
    name = "lease.reap"

    key: StageKey


def handle(command: ReapLease, context: Context) -> Outcome[ReapLeaseResult]:
    found = standing(context, command.key)
    lease = found.stage.lease if found else None
    if found is None or lease is None or not _may_reap(found, context):
        return Outcome(result=ReapLeaseResult(stage=None))
    held = Holding(
        stage=found.stage,
        run=found.run,
        workflow=context.ports.registry.workflow(found.stage.workflow_id),
        # Not the lost worker's token: should it come back, it must not take this for its own work.
        token=f"reaped:{lease.token}",
        requires=(
            equals("status", Status.RUNNING),
            equals("lease.token", lease.token),
            before("lease.expires_at", context.now),
        ),
    )
    decision = err(context, held, WORKER_LOST)
    return Outcome(
        result=ReapLeaseResult(stage=decision.stage),
        changes=decision.changes,
        bells=decision.bells,
    )


def _may_reap(found: Standing, context: Context) -> bool:
    stage, run = found.stage, found.run
    expired = stage.lease is not None and stage.lease.expires_at < context.now
    return stage.status is Status.RUNNING and expired and (run is None or run.is_open)
