"""What must hold in each store by itself, whatever it does with what the port leaves to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from kernel.model.change import (
    Change,
    CreateRun,
    CreateStage,
    UpdateRun,
    UpdateStage,
    moves_version,
)
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Due, Snapshot
from tests.stateful.reading import earliest
from tests.stateful.sameness import record_of

# A run with all that may share its item, or one of several siblings.
Place: TypeAlias = tuple[str, StageKey | None]
Moments: TypeAlias = Mapping[Place, datetime | None]

_SETTLED: Final = frozenset({Status.COMPLETED, Status.FAILED, Status.SKIPPED})


def version_faults(changes: Sequence[Change], before: Snapshot, after: Snapshot) -> Iterator[str]:
    """Yield each record whose version did not go up by one with a write, or did without (R3)."""
    moved = {_place_of(change) for change in changes if not _is_push_back(change)}
    for change in changes:
        old, new = record_of(change, before), record_of(change, after)
        if old is None or new is None or _settles(change):
            continue
        step = new.version - old.version
        if step != 1 and not _is_push_back(change):
            yield f"The version of {new.id!r} went up by {step} with {change}."
        if step and _place_of(change) not in moved:
            yield f"The version of {new.id!r} went up by {step} with a push-back."


def due_faults(latest: Moments, view: Snapshot, nominations: Iterable[Due]) -> Iterator[str]:
    """Yield each place that the index speaks of otherwise than its records do, or too late.

    Args:
        latest: What the last write of each place wanted. Earlier will do, later will not (R1).
    """
    index = _earliest(
        (_place(due.run_id, due.stage), due.at) for due in nominations if due.run_id == view.run.id
    )
    records = _earliest(
        (_place(view.run.id, stage.key if stage else None), at) for stage, at in _dated(view)
    )
    if index != records:
        yield f"The index has {index}, the records have {records}."
    for place, wanted in latest.items():
        found = index.get(place)
        if wanted is not None and place[0] == view.run.id and (found is None or found > wanted):
            yield f"{place} is due at {found}, later than {wanted}."


def written_moments(changes: Iterable[Change]) -> Moments:
    """Return the moment that *changes* give to each place they date: the earliest of several."""
    moments: dict[Place, list[datetime | None]] = {}
    for change in changes:
        match change:
            case CreateRun(run=run) | UpdateRun(run=run) if _dates(change):
                moments.setdefault((run.id, None), []).append(run.due_at)
            case CreateStage(stage=stage) | UpdateStage(stage=stage) if _dates(change):
                place = _place(stage.run_id, stage.key)
                moments.setdefault(place, []).append(None if _settles(change) else stage.due_at)
            case _:
                pass
    return {place: earliest(*wanted) for place, wanted in moments.items()}


def _dates(change: Change) -> bool:
    """Whether it says when its record is due; one that leaves its run says that it is not."""
    if isinstance(change, UpdateRun | UpdateStage):
        return "due_at" in change.writes or _settles(change)
    return True


def _settles(change: Change) -> bool:
    if not isinstance(change, UpdateStage):
        return False
    return change.stage.solo and "status" in change.writes and change.stage.status in _SETTLED


def _is_push_back(change: Change) -> bool:
    return isinstance(change, UpdateRun | UpdateStage) and not moves_version(change)


def _dated(view: Snapshot) -> Iterator[tuple[StageRecord | None, datetime]]:
    if view.run.due_at is not None:
        yield None, view.run.due_at
    yield from ((stage, stage.due_at) for stage in view.stages if stage.due_at is not None)


def _earliest(moments: Iterable[tuple[Place, datetime]]) -> Moments:
    # The last of several with the same place stays, and that is the earliest.
    return dict(sorted(moments, key=lambda each: each[1], reverse=True))


def _place(run_id: str, key: StageKey | None) -> Place:
    return run_id, None if key is None or key.solo else key


def _place_of(change: Change) -> Place | None:
    match change:
        case CreateRun(run=run) | UpdateRun(run=run):
            return run.id, None
        case CreateStage(stage=stage) | UpdateStage(stage=stage):
            return _place(stage.run_id, stage.key)
        case _:
            return None
