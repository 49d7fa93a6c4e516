"""StageRecord: one stage's place in a run. A PENDING one is a queued job, a RUNNING one a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.ids import job_id
from kernel.model.lease import Lease
from kernel.model.payload import Artifact, Payload
from kernel.model.status import Status


@dataclass(frozen=True, kw_only=True)
class StageKey:
    """How a stage is found. *solo* says that it is alone in its group."""

    run_id: str
    stage_id: str
    group: int
    solo: bool


@dataclass(frozen=True, kw_only=True)
class Poll:
    """One poll of one stage.

    Args:
        number: Which, from 1; None is whichever is next.
        fingerprint: Of a definition that fits; None where nobody has looked.
    """

    workflow_id: str
    key: StageKey
    number: int | None = None
    fingerprint: str | None = None


@dataclass(frozen=True, kw_only=True)
class Suspension:
    """What a SUSPENDED stage waits for.

    Args:
        poll_no: How many polls were begun.
        failures: How many polls in a row threw, or were lost with their worker.
        lease: Who is polling just now.
        callback: It waits for a call from outside and is not polled.
        callback_digest: Of the secret in the link that ends the wait; None without a link.
        wanted: What a call may come to that the budget refused, in nanodollars; None where it
            refused none.
        paused: It was the body's, which begins anew when the budget allows it; no check is asked.
    """

    state: Payload | None
    next_poll_at: datetime | None
    poll_every: timedelta
    deadline: datetime
    poll_no: int = 0
    failures: int = 0
    lease: Lease | None = None
    callback: bool = False
    callback_digest: str | None = None
    wanted: int | None = None
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a body says it is, from 0 to 1."""

    fraction: float
    message: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a completed attempt leaves behind."""

    output: Payload
    artifacts: tuple[Artifact, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StageRecord:
    """The stage record.

    Args:
        ordinal: Its place in its group, from 0.
        urgent: Its bells go to the urgent queue; like *tenant*, its run's.
        stumbles: Failures of the infrastructure, which do not use up *max_attempts*.
        pauses: Attempts that ended where the budget refused a call; they do not use up any either.
        polls: How often it was polled, over all its suspensions in this generation.
        unadvanced: It is settled, and nobody has yet asked whether its group is done.
        settled_by: The token under which it was settled: how a repeat knows that it won.
        digest: Of the input and config that its doorbell may carry; None where they are read.
    """

    run_id: str
    id: str
    workflow_id: str
    group: int
    ordinal: int = 0
    solo: bool
    status: Status = Status.PENDING
    generation: int
    attempt: int = 0
    max_attempts: int
    urgent: bool = False
    tenant: str | None = None
    stumbles: int = 0
    pauses: int = 0
    polls: int = 0
    created_at: datetime
    not_before: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    lease: Lease | None = None
    suspension: Suspension | None = None
    resume_state: Payload | None = None
    progress: Progress | None = None
    result: Result | None = None
    error: Failure | None = None
    unadvanced: bool = False
    settled_by: str | None = None
    digest: str | None = None
    version: int = 1
    outbox: tuple[Event, ...] = ()
    due_at: datetime | None = None

    @property
    def key(self) -> StageKey:
        return StageKey(run_id=self.run_id, stage_id=self.id, group=self.group, solo=self.solo)

    @property
    def job_id(self) -> str:
        return job_id(self.run_id, self.id, self.generation, self.attempt)

    @property
    def has_attempts_left(self) -> bool:
        return self.attempt < self.max_attempts + self.stumbles + self.pauses

    def claimed(self, lease: Lease, *, at: datetime) -> Self:
        status = self.status.stage_to(Status.RUNNING)
        return replace(
            self,
            status=status,
            attempt=self.attempt + 1,
            lease=lease,
            started_at=at,
            progress=None,
        )

    def completed(self, result: Result, *, by: str, at: datetime) -> Self:
        return replace(self._over(Status.COMPLETED, by, at), result=result, error=None)

    def skipped(self, *, by: str, at: datetime) -> Self:
        return self._over(Status.SKIPPED, by, at)

    def failed(self, error: Failure, *, by: str, at: datetime) -> Self:
        return replace(self._over(Status.FAILED, by, at), error=error)

    def fenced(self, *, at: datetime) -> Self:
        status = self.status.stage_to(Status.CANCELLED)
        return replace(
            self,
            status=status,
            lease=None,
            suspension=None,
            progress=None,
            completed_at=at,
        )

    def retried(self, error: Failure, *, not_before: datetime, stumbled: bool) -> Self:
        """Return the stage waiting for its next attempt; *stumbled*: nobody's fault but ours."""
        status = self.status.stage_to(Status.PENDING)
        state = self.suspension.state if self.suspension else self.resume_state
        return replace(
            self,
            status=status,
            lease=None,
            suspension=None,
            resume_state=state,
            not_before=not_before,
            error=error,
            stumbles=self.stumbles + stumbled,
        )

    def unpaused(self, *, at: datetime) -> Self:
        """Return the stage waiting for an attempt in place of the one that was paused."""
        status = self.status.stage_to(Status.PENDING)
        state = self.suspension.state if self.suspension else self.resume_state
        return replace(
            self,
            status=status,
            suspension=None,
            resume_state=state,
            not_before=at,
            pauses=self.pauses + 1,
        )

    def suspended(self, suspension: Suspension) -> Self:
        status = self.status.stage_to(Status.SUSPENDED)
        return replace(self, status=status, lease=None, suspension=suspension)

    def _over(self, status: Status, by: str, at: datetime) -> Self:
        return replace(
            self,
            status=self.status.stage_to(status),
            lease=None,
            suspension=None,
            progress=None,
            completed_at=at,
            settled_by=by,
            unadvanced=not self.solo,
        )
