"""One attempt: claim the stage, run its code, settle. The code runs between the two commits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kernel.commands.claim_stage import ClaimStage, ClaimStageResult, Refusal
from kernel.commands.settle_stage import SettleStage
from kernel.decisions.advancing import AnyStage
from kernel.dispatch import Command, Kernel
from kernel.errors import IdempotencyInProgressError, UnavailableError
from kernel.model.bell import Bell
from kernel.model.failure import Failure
from kernel.model.payload import Payload
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred
from kernel.procedures.allowance import Allowance
from kernel.procedures.attempt import Attempt, attempt
from kernel.procedures.definition import definition
from kernel.procedures.follow_up import follow_up
from kernel.procedures.job import Job, located
from kernel.procedures.reap_leases import reap_one
from kernel.procedures.renewal import Renewal
from kernel.procedures.retirement import sweep


class JobOutcome(StrEnum):
    """What became of a job. *discarded*: there was nothing to do, or it came too late."""

    COMPLETED = "completed"
    SUSPENDED = "suspended"
    FAILED = "failed"
    DISCARDED = "discarded"


@dataclass(frozen=True, kw_only=True)
class ExecuteJobResult:
    """What became of it.

    Args:
        error: Of the attempt that failed; *will_retry*: the stage is tried again.
        output: Of the stage, where it is completed, by this job or before it.
        again_at: Where the bell came too early: when to ring it again.
    """

    outcome: JobOutcome
    error: Failure | None = None
    will_retry: bool = False
    output: Payload | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ExecuteJob(Command[ExecuteJobResult]):
    """The attempt that *bell* names.

    Args:
        time_left: What the process has; None where nobody will stop it.
        lease: How long the lease is taken for, and renewed while the body runs; None where it is
            taken once, for all the time that the body may take.
    """

    name = "job.execute"

    bell: Bell
    time_left: timedelta | None = None
    lease: timedelta | None = None


def execute_job(command: ExecuteJob, kernel: Kernel) -> ExecuteJobResult:
    """Carry out the attempt that the bell names.

    Raises:
        DefinitionChangedError: This process has no definition that fits. Nothing was claimed.
        IdempotencyInProgressError: Another worker holds the stage under a live lease.
        UnavailableError: This process has too little time left to begin anything, or is to end.
    """
    bell = command.bell
    known_as = bell.fingerprint
    workflow = definition(kernel, bell.workflow_id, bell.run_id, known_as=known_as)
    stage, key = located(workflow, bell)
    token = kernel.ports.entropy.token()
    allowance = _allowance(kernel, stage, command.time_left)
    whole = allowance.within + kernel.policy.lease_margin
    lasts = whole if command.lease is None else min(command.lease, whole)
    ordinal = workflow.groups[key.group - 1].index(stage)
    claim = kernel.dispatch(
        ClaimStage(bell=bell, key=key, ordinal=ordinal, token=token, lasts=lasts)
    )
    if claim.standing is None or claim.refusal is not None:
        return _refused(kernel, key, claim)
    renewal = None
    if command.lease is not None:
        renewal = Renewal(kernel, claim.standing.stage, token=token, lasts=lasts)
    job = Job(
        kernel=kernel,
        workflow=workflow,
        definition=stage,
        standing=claim.standing,
        token=token,
        allowance=allowance,
        deadline=kernel.ports.clock.now() + allowance.within,
        held_by=lambda stage: stage.lease,
        renewal=renewal,
    )
    return _settled(job, attempt(job, bell.payload))


def _allowance(kernel: Kernel, definition: AnyStage, time_left: timedelta | None) -> Allowance:
    if kernel.ports.executor.is_stopping:
        raise UnavailableError("This process is to end; the job wants another one.")
    whose = f"Stage {definition.id!r}"
    allowance = Allowance(whose=whose, timeout=definition.timeout, time_left=time_left)
    if allowance.within < min(kernel.policy.least_time, definition.timeout):
        message = f"Only {time_left} is left of this process; the job wants a fresh one."
        raise UnavailableError(message)
    return allowance


def _settled(job: Job, made: Attempt) -> ExecuteJobResult:
    command = SettleStage(
        seen=job.standing,
        token=job.token,
        verdict=made.verdict,
        config=made.config,
        annotations=made.annotations,
    )
    stage = job.kernel.dispatch(command).stage
    if stage is None:
        sweep(job.kernel, job.stage.run_id)
        return ExecuteJobResult(outcome=JobOutcome.DISCARDED, error=_error(made))
    follow_up(job.kernel, stage)
    return _told(stage, _error(made))


def _error(made: Attempt) -> Failure | None:
    return made.verdict.failure if isinstance(made.verdict, Erred) else None


def _told(stage: StageRecord, error: Failure | None) -> ExecuteJobResult:
    match stage.status:
        case Status.COMPLETED | Status.SKIPPED:
            output = stage.result.output if stage.result else None
            return ExecuteJobResult(outcome=JobOutcome.COMPLETED, output=output)
        case Status.SUSPENDED:
            return ExecuteJobResult(outcome=JobOutcome.SUSPENDED)
        case _:
            retry = stage.status is Status.PENDING
            return ExecuteJobResult(outcome=JobOutcome.FAILED, error=error, will_retry=retry)


def _refused(kernel: Kernel, key: StageKey, claim: ClaimStageResult) -> ExecuteJobResult:
    stage = claim.standing.stage if claim.standing else None
    match claim.refusal:
        case Refusal.FINISHED if stage is not None and stage.status is Status.COMPLETED:
            return _told(stage, None)
        case Refusal.EARLY if stage is not None:
            return ExecuteJobResult(outcome=JobOutcome.DISCARDED, again_at=stage.not_before)
        case Refusal.EXPIRED:
            reap_one(kernel, key)
        case Refusal.TAKEN:
            message = (
                f"Stage {key.stage_id!r} of run {key.run_id!r} is being worked on under a live"
                " lease. Nothing to do: its worker settles it, or the lease runs out."
            )
            raise IdempotencyInProgressError(message, run_id=key.run_id, stage_id=key.stage_id)
    return ExecuteJobResult(outcome=JobOutcome.DISCARDED)
