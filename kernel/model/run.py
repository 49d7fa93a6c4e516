"""Run: one execution of one workflow on one input."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from kernel.errors import IllegalTransitionError
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.payload import Payload
from kernel.model.status import Status

DEFAULT_PRIORITY = 5
URGENT_PRIORITY = 8


@dataclass(frozen=True, kw_only=True)
class Closing:
    """A run being brought to an end from outside: its stages are fenced one by one."""

    target: Status
    reason: str = ""
    code: str = "CANCELLED"


@dataclass(frozen=True, kw_only=True)
class Run:
    """The run record.

    Args:
        fingerprint: Of the definition that made the group it is in, which fits all it has made.
        cursor: The group it is in, from 1; 0 before it started.
        retired_at: When it began to be removed. Parts of it may be gone.
    """

    id: str
    workflow_id: str
    fingerprint: str
    status: Status = Status.PENDING
    generation: int = 0
    cursor: int = 0
    closing: Closing | None = None
    priority: int = DEFAULT_PRIORITY
    tenant: str | None = None
    created_at: datetime
    start_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    error: Failure | None = None
    retired_at: datetime | None = None
    version: int = 1
    outbox: tuple[Event, ...] = ()
    due_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether its stages may still change."""
        return self.status is Status.RUNNING and self.closing is None

    @property
    def is_settled(self) -> bool:
        """Whether all that is left to do, some day, is to remove it."""
        return self.status.is_terminal and not self.outbox

    @property
    def is_urgent(self) -> bool:
        return self.priority >= URGENT_PRIORITY

    def started(self, *, at: datetime) -> Self:
        return replace(self, status=self.status.run_to(Status.RUNNING), cursor=1, started_at=at)

    def advanced(self) -> Self:
        return replace(self, cursor=self.cursor + 1)

    def completed(self, *, at: datetime) -> Self:
        return replace(self, status=self.status.run_to(Status.COMPLETED), completed_at=at)

    def failed(self, error: Failure, *, at: datetime) -> Self:
        status = self.status.run_to(Status.FAILED)
        return replace(self, status=status, error=error, completed_at=at)

    def rerun(self, *, group: int, fingerprint: str, at: datetime) -> Self:
        """Return the run in its next generation, at the start of *group*."""
        if not self.status.is_terminal:
            message = f"A run that is {self.status} cannot be rerun; cancel it first, or wait."
            raise IllegalTransitionError(message, run_id=self.id, source=self.status)
        return replace(
            self,
            status=Status.RUNNING,
            generation=self.generation + 1,
            cursor=group,
            fingerprint=fingerprint,
            started_at=at,
            completed_at=None,
            error=None,
        )

    def closed(self, *, at: datetime) -> Self:
        """Return the run with its closing carried out."""
        if self.closing is None:
            return self
        status = self.status.run_to(self.closing.target)
        error = Failure.of(self.closing.code, self.closing.reason) if self.closing.reason else None
        return replace(self, status=status, closing=None, error=error, completed_at=at)


@dataclass(frozen=True, kw_only=True)
class Intake:
    """What a run was given, written once: its input as parsed, its config merged."""

    run_id: str
    input: Payload
    config: Payload
