"""What happened, in the past tense, under the names that subscribers know.

An event's id follows from what happened (an attempt fails once, a generation ends once), so a
repeat carries the same id. Its sequence sorts the events of one run as text: by generation,
group, attempt and place; the run's start comes first, its end last.
"""

from datetime import datetime
from typing import Final

from kernel.model.annotation import Annotation
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.money import dollars
from kernel.model.run import Run
from kernel.model.stage import StageRecord

LAST_GROUP: Final = 9_999
ANNOTATION_CREATED: Final = "annotation:created"
TERMINAL_TYPES: Final = frozenset({"workflow:completed", "workflow:failed", "workflow:cancelled"})


def run_created(run: Run, *, at: datetime) -> Event:
    return _run_event(run, "workflow:created", at, rank=0, detail={"priority": run.priority})


def run_started(run: Run, *, at: datetime) -> Event:
    return _run_event(run, "workflow:started", at, rank=1)


def run_completed(run: Run, *, at: datetime) -> Event:
    return _run_event(run, "workflow:completed", at, detail=_duration(run.created_at, at))


def run_failed(run: Run, error: Failure, *, at: datetime) -> Event:
    detail = {**_duration(run.created_at, at), **_error(error), "failed_stage": error.stage_id}
    return _run_event(run, "workflow:failed", at, detail=detail)


def run_cancelled(run: Run, *, reason: str, at: datetime) -> Event:
    detail = {**_duration(run.created_at, at), "reason": reason}
    return _run_event(run, "workflow:cancelled", at, detail=detail)


def stage_started(stage: StageRecord, *, at: datetime) -> Event:
    return _stage_event(stage, "stage:started", at, rank=1)


def stage_suspended(stage: StageRecord, *, at: datetime) -> Event:
    waits = stage.suspension
    until: dict[str, Json] = {"deadline": waits.deadline.isoformat()} if waits else {}
    if waits is not None and waits.wanted is not None:
        # In US dollars: by how much the budget was too small.
        until["budget_wanted"] = f"{dollars(waits.wanted).normalize():f}"
    return _stage_event(stage, "stage:suspended", at, rank=3, detail=until)


def stage_completed(stage: StageRecord, *, at: datetime) -> Event:
    return _stage_event(stage, "stage:completed", at, rank=8, detail=_duration_of(stage, at))


def stage_skipped(stage: StageRecord, *, at: datetime) -> Event:
    return _stage_event(stage, "stage:skipped", at, rank=8)


def stage_failed(stage: StageRecord, error: Failure, *, will_retry: bool, at: datetime) -> Event:
    detail = {**_duration_of(stage, at), **_error(error), "will_retry": will_retry}
    return _stage_event(stage, "stage:failed", at, rank=8, detail=detail)


def annotation_created(run: Run, row: Annotation, *, at: datetime) -> Event:
    """Return the event of a fact from outside; its value, which may be long, is in the store."""
    group = LAST_GROUP if run.status.is_terminal else run.cursor
    return Event(
        id=f"{run.id}:{row.id}:{ANNOTATION_CREATED}",
        type=ANNOTATION_CREATED,
        at=at,
        run_id=run.id,
        workflow_id=run.workflow_id,
        generation=run.generation,
        sequence=_sequence(run.generation, group, 0, 0, 9),
        stage_id=row.stage_id,
        detail={"annotation_id": row.id, "key": row.key, "actor": row.actor},
    )


def is_terminal(event: Event) -> bool:
    """Whether it ends its run, so that every other event of the run must go first."""
    return event.type in TERMINAL_TYPES


def _run_event(
    run: Run,
    type_: str,
    at: datetime,
    *,
    rank: int | None = None,
    detail: dict[str, Json] | None = None,
) -> Event:
    group = LAST_GROUP if rank is None else 0
    return Event(
        id=f"{run.id}:{run.generation}:{type_}",
        type=type_,
        at=at,
        run_id=run.id,
        workflow_id=run.workflow_id,
        generation=run.generation,
        sequence=_sequence(run.generation, group, 0, 0, rank or 0),
        detail=detail or {},
    )


def _stage_event(
    stage: StageRecord,
    type_: str,
    at: datetime,
    *,
    rank: int,
    detail: dict[str, Json] | None = None,
) -> Event:
    place = (stage.generation, stage.group, stage.attempt, stage.ordinal, rank)
    return Event(
        id=f"{stage.job_id}:{type_}",
        type=type_,
        at=at,
        run_id=stage.run_id,
        workflow_id=stage.workflow_id,
        generation=stage.generation,
        sequence=_sequence(*place),
        stage_id=stage.id,
        attempt=stage.attempt,
        detail=detail or {},
    )


def _sequence(generation: int, group: int, attempt: int, ordinal: int, rank: int) -> str:
    return f"{generation:04}.{group:04}.{attempt:04}.{ordinal:02}.{rank}"


def _error(error: Failure) -> dict[str, Json]:
    return {"error": {"code": error.code, "message": error.message}}


def _duration(since: datetime, at: datetime) -> dict[str, Json]:
    return {"duration": round((at - since).total_seconds(), 3)}


def _duration_of(stage: StageRecord, at: datetime) -> dict[str, Json]:
    return _duration(stage.started_at or stage.created_at, at)
