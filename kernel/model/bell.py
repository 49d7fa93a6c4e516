"""Bell: a doorbell. It carries nothing that the store lacks; lost or doubled, nothing breaks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from kernel.model.ids import job_id
from kernel.model.json import Json


class BellKind(StrEnum):
    """What to look at: a run to start, a stage to execute, a suspended stage to poll."""

    START = "start"
    EXECUTE = "execute"
    POLL = "poll"


@dataclass(frozen=True, kw_only=True)
class Bell:
    """A doorbell.

    Args:
        attempt: The attempt to be started, or the poll to be made; 0 for a run.
        payload: A copy of `{"input": ..., "config": ...}`, checked by the stage's digest.
        not_before: Ringing earlier would be for nothing.
        urgent: It goes to the urgent queue.
        tenant: Whose fair share it is charged to; the workflow's where nobody is named.
        queue: The named queue that serves the stage; None is the default one.
        fingerprint: Of the definition that whoever rings goes by; it fits the run.
    """

    kind: BellKind
    run_id: str
    workflow_id: str
    stage_id: str | None = None
    group: int = 0
    generation: int = 0
    attempt: int = 0
    max_attempts: int = 0
    payload: Mapping[str, Json] | None = None
    not_before: datetime | None = None
    urgent: bool = False
    tenant: str | None = None
    queue: str | None = None
    fingerprint: str | None = None

    @property
    def job_id(self) -> str:
        return job_id(self.run_id, self.stage_id or "", self.generation, self.attempt)

    @property
    def fair_share(self) -> str:
        return self.tenant or self.workflow_id
