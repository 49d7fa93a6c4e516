"""What a host says when it is done: with a bell, with some bells, with a tick."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self

from kernel.errors import EngineError, IdempotencyInProgressError
from kernel.model.failure import Failure
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.procedures.execute_job import ExecuteJobResult, JobOutcome

SUCCEEDED: Final = frozenset({JobOutcome.COMPLETED, JobOutcome.SUSPENDED})


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What became of a bell.

    Args:
        error: Why the attempt failed, or why there was nothing to do.
        will_retry: The stage is tried again.
        again_at: The bell came too early; it was put off, and rings again then.
    """

    outcome: JobOutcome
    error: Failure | None = None
    will_retry: bool = False
    again_at: datetime | None = None

    @classmethod
    def discarded(cls, error: EngineError) -> Self:
        failure = Failure.of(error.code, error.message)
        return cls(outcome=JobOutcome.DISCARDED, error=failure)

    @classmethod
    def of_attempt(cls, result: ExecuteJobResult) -> Self:
        return cls(
            outcome=result.outcome,
            error=result.error,
            will_retry=result.will_retry,
            again_at=result.again_at,
        )

    @classmethod
    def of_poll(cls, stage: StageRecord) -> Self:
        """Return what a poll came to, from the stage as it left it."""
        match stage.status:
            case Status.SUSPENDED:
                return cls(outcome=JobOutcome.SUSPENDED)
            case Status.COMPLETED:
                return cls(outcome=JobOutcome.COMPLETED)
            case _:
                retry = stage.status is Status.PENDING
                return cls(outcome=JobOutcome.FAILED, error=stage.error, will_retry=retry)

    @property
    def is_worrying(self) -> bool:
        """Whether somebody may want to know; that another worker was first is nothing new."""
        return self.error is not None and self.error.code != IdempotencyInProgressError.code


@dataclass(frozen=True, kw_only=True)
class ProcessedJobs:
    """How many deliveries were taken; *succeeded* and *failed* leave out the discarded."""

    processed: int = 0
    succeeded: int = 0
    failed: int = 0

    def counting(self, outcome: JobOutcome) -> "ProcessedJobs":
        return ProcessedJobs(
            processed=self.processed + 1,
            succeeded=self.succeeded + (outcome in SUCCEEDED),
            failed=self.failed + (outcome is JobOutcome.FAILED),
        )


@dataclass(frozen=True, kw_only=True)
class MaintenanceResult:
    """What a tick did, by chore; *left* records were due and were not reached in time."""

    claimed: int = 0
    suspended_checked: int = 0
    stale_released: int = 0
    events_flushed: int = 0
    stuck_reaped: int = 0
    retired: int = 0
    rung: int = 0
    unserved: int = 0
    advanced: int = 0
    closed: int = 0
    dead_lettered: int = 0
    failed: int = 0
    left: int = 0
