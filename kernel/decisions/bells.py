"""Which bell a record wants rung."""

from datetime import datetime

from kernel.authoring.workflow import Workflow
from kernel.model.bell import Bell, BellKind
from kernel.model.materials import Materials
from kernel.model.run import Run
from kernel.model.stage import StageRecord


def start_bell(run: Run) -> Bell:
    return Bell(
        kind=BellKind.START,
        run_id=run.id,
        workflow_id=run.workflow_id,
        generation=run.generation,
        not_before=run.start_at,
        urgent=run.is_urgent,
        tenant=run.tenant,
    )


def execute_bell(
    stage: StageRecord, workflow: Workflow | None = None, *, copy: Materials | None = None
) -> Bell:
    """Return the bell for the next attempt.

    Args:
        workflow: What whoever rings goes by; None where nobody has looked whether that fits.
        copy: What it carries, if that is little.
    """
    return Bell(
        kind=BellKind.EXECUTE,
        run_id=stage.run_id,
        workflow_id=stage.workflow_id,
        stage_id=stage.id,
        group=stage.group,
        generation=stage.generation,
        attempt=stage.attempt + 1,
        max_attempts=stage.max_attempts,
        payload={"input": copy.input, "config": dict(copy.config)} if copy else None,
        not_before=stage.not_before,
        urgent=stage.urgent,
        tenant=stage.tenant,
        queue=_queue(stage, workflow),
        fingerprint=workflow.fingerprint if workflow else None,
    )


def poll_bell(
    stage: StageRecord, workflow: Workflow | None = None, *, at: datetime | None
) -> Bell:
    """Return the bell for the next poll; its number stands where an attempt's would."""
    return Bell(
        kind=BellKind.POLL,
        run_id=stage.run_id,
        workflow_id=stage.workflow_id,
        stage_id=stage.id,
        group=stage.group,
        generation=stage.generation,
        attempt=stage.suspension.poll_no + 1 if stage.suspension else 0,
        max_attempts=stage.max_attempts,
        not_before=at,
        urgent=stage.urgent,
        tenant=stage.tenant,
        queue=_queue(stage, workflow),
        fingerprint=workflow.fingerprint if workflow else None,
    )


def _queue(stage: StageRecord, workflow: Workflow | None) -> str | None:
    return workflow.stage(stage.id).queue if workflow else None
