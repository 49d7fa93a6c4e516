"""What clients get to see: views as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.bills import bill_shown
from kernel.authoring.workflow import Workflow
from kernel.model import moment
from kernel.model.failure import Failure
from kernel.model.payload import Blob, Inline, Payload
from kernel.model.stage import Result
from kernel.queries.show_run import RunView, StageView


def reply(
    fields: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type="application/json",
        body=json.dumps(fields, default=_text, separators=(",", ":")),
        headers={**(headers or {})},
    )


def run_shown(run: RunView) -> dict[str, Any]:
    """Return the run. Its output is that of its last stage, or of each by its id."""
    outputs = {stage_id: _payload(output) for stage_id, output in run.outputs.items()}
    return {
        "run_id": run.id,
        "workflow_id": run.workflow_id,
        "status": run.status,
        "waiting": run.waiting,
        "ending_as": run.ending_as,
        "generation": run.generation,
        "group": run.group,
        "priority": run.priority,
        "tenant": run.tenant,
        "created_at": run.created_at,
        "start_at": run.start_at,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "duration": _duration(run.started_at, run.completed_at),
        "error": _failure(run.error),
        "output": next(iter(outputs.values())) if len(outputs) == 1 else outputs or None,
        "stages": [_stage(stage) for stage in run.stages],
        "bill": bill_shown(run.bill) if run.bill else None,
    }


def workflow_shown(workflow: Workflow) -> dict[str, Any]:
    return {
        "id": workflow.id,
        "name": workflow.name,
        "description": workflow.description,
        "plan": workflow.plan(),
        "default_config": workflow.default_config(),
        "input_schema": workflow.input.json_schema(),
    }


def _stage(stage: StageView) -> dict[str, Any]:
    return {
        "stage_id": stage.id,
        "group": stage.group,
        "status": stage.status,
        "generation": stage.generation,
        "attempt": stage.attempt,
        "max_attempts": stage.max_attempts,
        "polls": stage.polls,
        "created_at": stage.created_at,
        "not_before": stage.not_before,
        "started_at": stage.started_at,
        "completed_at": stage.completed_at,
        "duration": _duration(stage.started_at, stage.completed_at),
        "progress": asdict(stage.progress) if stage.progress else None,
        "waits_for": asdict(stage.wait) if stage.wait else None,
        "unserved": stage.unserved,
        "error": _failure(stage.error),
        **_result(stage.result),
    }


def _result(result: Result | None) -> dict[str, Any]:
    return {
        "output": _payload(result.output) if result else None,
        "artifacts": [asdict(artifact) for artifact in result.artifacts] if result else [],
        "metrics": dict(result.metrics) if result else {},
    }


def _payload(payload: Payload | None) -> Any:
    match payload:
        case Inline(value=value):
            return value
        case Blob(key=key, size=size):
            return {"blob": key, "size": size}
        case None:
            return None


def _failure(error: Failure | None) -> dict[str, Any] | None:
    if error is None:
        return None
    told = {"code": error.code, "message": error.message, "retryable": error.retryable}
    return told if error.stage_id is None else {**told, "stage_id": error.stage_id}


def _duration(start: datetime | None, end: datetime | None) -> float | None:
    """Return seconds, once it is over."""
    return (end - start).total_seconds() if start and end else None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return moment.to_text(value)
    raise TypeError(f"{value!r} is not JSON.")
