"""A run as the API shows it, as far as the terminal needs it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

OVER: Final = frozenset({"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"})


@dataclass(frozen=True, kw_only=True)
class ArtifactView:
    """A file that a stage left; *key* is where its bytes lie."""

    stage_id: str
    name: str
    key: str
    size: int


@dataclass(frozen=True, kw_only=True)
class StageView:
    """A stage. One that the run has not come to has no *status*.

    Args:
        polls: How often it was polled.
        says: What it says of its progress, or what went wrong.
    """

    id: str
    group: int
    status: str = ""
    attempt: int = 0
    polls: int = 0
    says: str = ""
    error: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    artifacts: tuple[ArtifactView, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    def elapsed(self, now: datetime) -> float | None:
        """Return the seconds since the last attempt began, or those that it took."""
        return _seconds(self.started_at, self.completed_at or now)


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A run with all stages of its workflow. *shown* is all that the API said of it."""

    id: str
    status: str
    error: str = ""
    failed_stage: str = ""
    output: Any = None
    created_at: datetime
    completed_at: datetime | None = None
    stages: tuple[StageView, ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.status in OVER

    @property
    def polls(self) -> int:
        return sum(stage.polls for stage in self.stages)

    @property
    def artifacts(self) -> tuple[ArtifactView, ...]:
        return tuple(artifact for stage in self.stages for artifact in stage.artifacts)

    def elapsed(self, now: datetime) -> float:
        return _seconds(self.created_at, self.completed_at or now) or 0.0


def read_run(shown: Mapping[str, Any], plan: Sequence[Mapping[str, Any]]) -> RunView:
    """Return what `GET /runs/{id}` has *shown*, with the stages of *plan* that are still to come.

    Args:
        plan: Of the workflow, as `GET /workflows` shows it.
    """
    begun = {stage["stage_id"]: _stage(stage) for stage in shown["stages"]}
    planned = [StageView(id=id_, group=group) for group, id_ in _planned(plan)]
    return RunView(
        id=shown["run_id"],
        status=shown["status"],
        error=_error(shown["error"]),
        failed_stage=(shown["error"] or {}).get("stage_id", ""),
        output=shown["output"],
        created_at=datetime.fromisoformat(shown["created_at"]),
        completed_at=_moment(shown["completed_at"]),
        stages=tuple(begun.pop(each.id, each) for each in planned) + tuple(begun.values()),
        shown=shown,
    )


def _planned(plan: Sequence[Mapping[str, Any]]) -> Iterable[tuple[int, str]]:
    return ((group["group"], stage["id"]) for group in plan for stage in group["stages"])


def _stage(shown: Mapping[str, Any]) -> StageView:
    error = _error(shown["error"])
    return StageView(
        id=shown["stage_id"],
        group=shown["group"],
        status=shown["status"],
        attempt=shown["attempt"],
        polls=shown["polls"],
        says=_progress(shown) or error,
        error=error,
        started_at=_moment(shown["started_at"]),
        completed_at=_moment(shown["completed_at"]),
        artifacts=tuple(
            ArtifactView(
                stage_id=shown["stage_id"],
                name=artifact["name"],
                key=artifact["key"],
                size=artifact["size"],
            )
            for artifact in shown["artifacts"]
        ),
    )


def _progress(shown: Mapping[str, Any]) -> str:
    progress = shown["progress"]
    if progress is None or shown["status"] not in {"RUNNING", "SUSPENDED"}:
        return ""
    said = f": {progress['message']}" if progress["message"] else ""
    return f"{progress['fraction']:.0%}{said}"


def _error(error: Mapping[str, Any] | None) -> str:
    return f"{error['message']} ({error['code']})" if error else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _seconds(start: datetime | None, end: datetime) -> float | None:
    return max(0.0, (end - start).total_seconds()) if start else None
