"""One attempt, or one poll, in the hands of this process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kernel.authoring.workflow import Workflow
from kernel.decisions.advancing import AnyStage
from kernel.dispatch import Kernel
from kernel.errors import DefinitionChangedError, NotFoundError
from kernel.model.bell import Bell
from kernel.model.ids import blob_prefix
from kernel.model.lease import Lease
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.executor import AttemptKey, Pulse
from kernel.ports.persistence import Standing
from kernel.procedures.allowance import Allowance
from kernel.procedures.renewal import Renewal


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is needed to run a stage's code and to settle it.

    Args:
        standing: The stage as claimed.
        held_by: The lease, in a record of the stage: the attempt's, or the poll's.
        allowance: How long the code may take, and why not longer.
        deadline: When it must have ended.
        renewal: Keeps the lease while the code runs; None where it lasts for as long as that may.
    """

    kernel: Kernel
    workflow: Workflow
    definition: AnyStage
    standing: Standing
    token: str
    allowance: Allowance
    deadline: datetime
    held_by: Callable[[StageRecord], Lease | None]
    renewal: Renewal | None = None

    @property
    def pulse(self) -> Pulse | None:
        """What is done again and again while the code runs."""
        return self.renewal.pulse if self.renewal else None

    @property
    def is_lost(self) -> bool:
        """Whether a beat has found that the lease is lost."""
        return self.renewal is not None and self.renewal.lost

    @property
    def stage(self) -> StageRecord:
        return self.standing.stage

    @property
    def attempt_key(self) -> AttemptKey:
        stage = self.stage
        return AttemptKey(
            run_id=stage.run_id,
            workflow_id=stage.workflow_id,
            stage_id=stage.id,
            generation=stage.generation,
            attempt=stage.attempt,
        )

    @property
    def poll_no(self) -> int:
        """Which poll this is, from 1; 0 for the body itself."""
        return self.stage.suspension.poll_no if self.stage.suspension else 0

    @property
    def blob_prefix(self) -> str:
        """Where this attempt keeps its files; its polls use the same place."""
        stage = self.stage
        return blob_prefix(stage.run_id, stage.id, stage.generation, stage.attempt)

    @property
    def result_prefix(self) -> str:
        """Where what it comes to is kept: a late poll writes beside the winner, not over it."""
        return f"{self.blob_prefix}polls/{self.poll_no}/" if self.poll_no else self.blob_prefix


def located(workflow: Workflow, bell: Bell) -> tuple[AnyStage, StageKey]:
    """Return the stage that *bell* is for, and how its record is found.

    Raises:
        NotFoundError: This process knows no such stage.
        DefinitionChangedError: It knows the stage in another group.
    """
    definition = workflow.stage(bell.stage_id or "")
    group = workflow.group_of(definition.id)
    if group != bell.group:
        message = (
            f"Stage {definition.id!r} is in group {group} here and in group {bell.group} of run"
            f" {bell.run_id!r}: another version of workflow {workflow.id!r} started it."
        )
        raise DefinitionChangedError(message, run_id=bell.run_id, stage_id=definition.id)
    solo = len(workflow.groups[group - 1]) == 1
    return definition, StageKey(run_id=bell.run_id, stage_id=definition.id, group=group, solo=solo)


def still_held(job: Job) -> bool:
    """Whether the stage, as it stands now, is still this job's to settle."""
    try:
        stage = job.kernel.ports.persistence.standing(job.stage.key).stage
    except NotFoundError:
        return False
    lease = job.held_by(stage)
    return lease is not None and lease.token == job.token
