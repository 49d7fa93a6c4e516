"""What a writer goes by: one store's answer at one moment, and the rule that dates a record.

The rule is protocol R1, written down a second time: it is what the stores are held to here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from kernel.model.change import Condition, UpdateRun, UpdateStage, by, differences
from kernel.model.event import Event
from kernel.model.lease import Lease
from kernel.model.run import Run
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Snapshot
from tests.support.builders import an_event

Groups: TypeAlias = tuple[tuple[str, ...], ...]

# Workflows by their fingerprints, as far as a store can tell: stage ids, group by group.
WORKFLOWS: Final[Mapping[str, Groups]] = {
    "one": (("a",),),
    "two": (("a",), ("b",)),
    "diamond": (("a",), ("b#1", "b#2"), ("c",)),
    "merge": (("x", "y"), ("z",), ("a",)),
    "fan": (("x", "y", "a#1"),),
}

GRACE: Final = timedelta(minutes=1)

_Record = TypeVar("_Record", Run, StageRecord)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a decision is made and delivered.

    Args:
        tells: It leaves events in the outbox.
        patient: A `due_at` that is early enough already is left alone, on condition that it is.
        held: It is not committed at once, and by then what it was decided on may be old.
        asks: The writer wants to be told how the stage stands after it.
    """

    tells: bool = True
    patient: bool = False
    held: bool = False
    asks: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A run as one store gave it. *number* is the decision's, the same in every store."""

    snapshot: Snapshot
    now: datetime
    number: int
    manner: Manner

    @property
    def run(self) -> Run:
        return self.snapshot.run

    @property
    def token(self) -> str:
        return f"token-{self.number}"

    @property
    def lease(self) -> Lease:
        return Lease(token=self.token, expires_at=self.now + 2 * GRACE)

    @property
    def active(self) -> StageRecord | None:
        """The unfinished stage that is alone in the present group."""
        stages = stages_now(self.snapshot)
        found = (stage for stage in stages if stage.solo and not stage.status.is_terminal)
        return next(found, None)

    def stage(self, key: StageKey) -> StageRecord:
        return next(stage for stage in self.snapshot.stages if stage.key == key)

    def event(self, name: str) -> tuple[Event, ...]:
        """Return what the decision tells, if it tells anything."""
        id_ = f"{self.run.id}:{self.number}:{name}"
        event = an_event(id=id_, run_id=self.run.id, type=name, at=self.now)
        return (event,) if self.manner.tells else ()


def stages_now(view: Snapshot) -> Sequence[StageRecord]:
    """Return the stages of the present group; others may be left there by an older definition."""
    at = (view.run.cursor, view.run.generation)
    return [stage for stage in view.stages if (stage.group, stage.generation) == at]


def earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def run_due(run: Run, now: datetime, *, has_events: bool) -> datetime | None:
    if has_events or run.closing is not None:
        return now + GRACE
    return max(run.start_at or now, now) + GRACE if run.status is Status.PENDING else None


def stage_due(stage: StageRecord, now: datetime, *, has_events: bool) -> datetime | None:
    soon = now + GRACE if has_events or stage.unadvanced else None
    lease, waits = stage.lease, stage.suspension
    match stage.status:
        case Status.PENDING:
            return earliest(soon, max(stage.not_before or now, now) + GRACE)
        case Status.RUNNING:
            return earliest(soon, lease.expires_at if lease else now)
        case Status.SUSPENDED if waits is not None:
            polled = waits.lease.expires_at if waits.lease else waits.next_poll_at
            return earliest(soon, polled, waits.deadline)
        case _:
            return soon


def active_due(reading: Reading) -> datetime | None:
    """Return when the stage is due that may share its run's `due_at`."""
    active = reading.active
    return stage_due(active, reading.now, has_events=False) if active else None


def write_run(
    reading: Reading,
    new: Run,
    *requires: Condition,
    events: tuple[Event, ...] = (),
    sends: bool = False,
) -> UpdateRun:
    """Return the change to *new*. *sends*: a stage has events in the same commit."""
    old, now = reading.run, reading.now
    own = run_due(new, now, has_events=bool(old.outbox or events or sends))
    stays = new.cursor == old.cursor and not new.status.is_terminal
    due = earliest(own, active_due(reading) if stays else None)
    dated, dating = _dated(reading, old, replace(new, due_at=due))
    return UpdateRun(
        run=dated,
        writes=differences(old, dated) | (set() if dating else {"due_at"}),
        requires=(*requires, *dating),
        events=events,
    )


def write_stage(
    reading: Reading,
    old: StageRecord,
    new: StageRecord,
    *requires: Condition,
    events: tuple[Event, ...] = (),
) -> UpdateStage:
    run, now = reading.run, reading.now
    own = stage_due(new, now, has_events=bool(old.outbox or events))
    shares = new.solo and not new.status.is_terminal
    beside = run_due(run, now, has_events=bool(run.outbox)) if shares else None
    dated, dating = _dated(reading, old, replace(new, due_at=earliest(own, beside)))
    moment = set() if dating else {"due_at"}
    reported = {"progress"} if new.status.is_terminal else set()
    return UpdateStage(
        stage=dated,
        writes=differences(old, dated) | moment | reported,
        requires=(*requires, *dating),
        events=events,
    )


def _dated(reading: Reading, old: _Record, new: _Record) -> tuple[_Record, tuple[Condition, ...]]:
    """Leave a moment that serves alone, if the writer is patient and it is still there then."""
    held, due = old.due_at, new.due_at
    if not reading.manner.patient or held is None or due is None or held > due:
        return new, ()
    return replace(new, due_at=held), (by("due_at", due),)
