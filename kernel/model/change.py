"""One commit's writes, each with its condition as data.

The words are those of the records: a condition names a field of the stored record (`lease.token`
looks inside), a write names the fields that it sets. Everything else stays as it is stored, so a
writer that knows only part of a record cannot undo what another one wrote.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from kernel.model.annotation import Annotation
from kernel.model.call import CallState, ModelCall, Spending, Tally
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.run import Intake, Run
from kernel.model.stage import StageKey, StageRecord


class Test(StrEnum):
    """How a stored field is compared."""

    EQUALS = "equals"
    ONE_OF = "one of"
    ABSENT = "absent"
    PRESENT = "present"
    BEFORE = "before"
    NOT_AFTER = "not after, or absent"
    BY = "there, and not after"
    AT_MOST = "at most"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a stored record must fulfil for the commit to happen."""

    field: str
    test: Test
    value: object = None

    def holds(self, record: object) -> bool:
        """Whether *record*, as stored, fulfils it."""
        stored = look(record, self.field)
        match self.test:
            case Test.EQUALS:
                return stored == self.value
            case Test.ONE_OF:
                return isinstance(self.value, Collection) and stored in self.value
            case Test.ABSENT:
                return stored is None
            case Test.PRESENT:
                return stored is not None
            case _:
                return self._in_bounds(stored)

    def _in_bounds(self, stored: object) -> bool:
        if self.test is Test.AT_MOST:
            number = 0 if stored is None else stored
            return isinstance(number, int) and isinstance(self.value, int) and number <= self.value
        return self._in_time(stored)

    def _in_time(self, stored: object) -> bool:
        if not isinstance(self.value, datetime):
            return False
        if not isinstance(stored, datetime):
            return self.test is Test.NOT_AFTER
        return stored < self.value or (self.test is not Test.BEFORE and stored == self.value)


def equals(field: str, value: object) -> Condition:
    return Condition(field=field, test=Test.EQUALS, value=value)


def one_of(field: str, values: Collection[object]) -> Condition:
    return Condition(field=field, test=Test.ONE_OF, value=tuple(values))


def absent(field: str) -> Condition:
    return Condition(field=field, test=Test.ABSENT)


def present(field: str) -> Condition:
    return Condition(field=field, test=Test.PRESENT)


def before(field: str, moment: datetime) -> Condition:
    return Condition(field=field, test=Test.BEFORE, value=moment)


def not_after(field: str, moment: datetime) -> Condition:
    return Condition(field=field, test=Test.NOT_AFTER, value=moment)


def by(field: str, moment: datetime) -> Condition:
    return Condition(field=field, test=Test.BY, value=moment)


def at_most(field: str, number: int) -> Condition:
    """Require that a number is no larger; one that is not there counts as 0."""
    return Condition(field=field, test=Test.AT_MOST, value=number)


def look(record: object, path: str) -> object:
    """Return the field at *path* (`lease.token`), or None where the way ends early."""
    value: Any = record
    for name in path.split("."):
        if value is None:
            return None
        value = getattr(value, name)
    return value


@dataclass(frozen=True, kw_only=True)
class CreateRun:
    """Store a run that is not there yet, and what it was given."""

    run: Run
    intake: Intake


@dataclass(frozen=True, kw_only=True)
class UpdateRun:
    """Set *writes* of a run, if all of *requires* hold; append *events* to its outbox.

    *run* is the run as it will stand, as far as the writer knows. *clears* empties the outbox
    first, so that *events* are what is left in it; then *requires* must pin the version. The
    version goes up by one, unless only `due_at` is written.
    """

    run: Run
    writes: frozenset[str]
    requires: tuple[Condition, ...]
    events: tuple[Event, ...] = ()
    clears: bool = False


@dataclass(frozen=True, kw_only=True)
class CreateStage:
    """Store a stage where there is none, or one of an older generation."""

    stage: StageRecord


@dataclass(frozen=True, kw_only=True)
class UpdateStage:
    """Set *writes* of a stage; in all else like `UpdateRun`."""

    stage: StageRecord
    writes: frozenset[str]
    requires: tuple[Condition, ...]
    events: tuple[Event, ...] = ()
    clears: bool = False


@dataclass(frozen=True, kw_only=True)
class KeepPast:
    """Keep *stage* as it stands, before another generation takes its place; repeating is fine."""

    stage: StageRecord


@dataclass(frozen=True, kw_only=True)
class DeleteRun:
    """Remove a run's own record, if all of *requires* hold; all else of it is gone before."""

    run_id: str
    requires: tuple[Condition, ...]


@dataclass(frozen=True, kw_only=True)
class SaveIdempotency:
    """Store what a key was used for, where it is new or expired by *now*."""

    record: IdempotencyRecord
    now: datetime


@dataclass(frozen=True, kw_only=True)
class AddAnnotation:
    """Pin a fact; a second one of the same id changes nothing that matters."""

    annotation: Annotation


@dataclass(frozen=True, kw_only=True)
class RequireRun:
    """Commit only if there is such a run, and all of *requires* hold. No version moves."""

    run_id: str
    requires: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RequireStage:
    """The same of a stage."""

    key: StageKey
    requires: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SaveCall:
    """Store a call where there is none; where *was* is given, in place of one in that state."""

    call: ModelCall
    was: CallState | None = None


@dataclass(frozen=True, kw_only=True)
class AddToBill:
    """Add to what a stage has spent, and to its run's bill, if all of *requires* hold of that.

    What is not there yet is made, and counts as empty. The bill's `committed` moves by that of
    *adds*.
    """

    run_id: str
    stage_id: str
    adds: Tally
    requires: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SetLimit:
    """Give a run's bill a limit, if all of *requires* hold of it; open one where there is none."""

    run_id: str
    limit: int
    requires: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AddSpending:
    """Add the tally to that of the same topic, month and run; the last `expires_at` holds."""

    spending: Spending


@dataclass(frozen=True, kw_only=True)
class SaveDeadLetter:
    """Keep an event that was given up on; the change beside it takes it out of its outbox."""

    letter: DeadLetter


@dataclass(frozen=True, kw_only=True)
class RemoveDeadLetter:
    """Take a dead letter away, if it is there."""

    letter: DeadLetter


BillChange: TypeAlias = SaveCall | AddToBill | SetLimit | AddSpending
Change: TypeAlias = (
    CreateRun
    | UpdateRun
    | DeleteRun
    | CreateStage
    | UpdateStage
    | KeepPast
    | SaveIdempotency
    | AddAnnotation
    | RequireRun
    | RequireStage
    | BillChange
    | SaveDeadLetter
    | RemoveDeadLetter
)
Update: TypeAlias = UpdateRun | UpdateStage

# What no writer sets by name: the store counts versions and keeps the outbox by appending.
KEPT_BY_THE_STORE = frozenset({"version", "outbox"})

_Record = TypeVar("_Record", Run, StageRecord)


def differences(old: _Record, new: _Record) -> frozenset[str]:
    """Return the names of the fields in which *new* differs from *old*."""
    names = {field.name for field in fields(old)} - KEPT_BY_THE_STORE
    return frozenset(name for name in names if getattr(old, name) != getattr(new, name))


def moves_version(change: Update) -> bool:
    """Whether the write is more than a push-back of `due_at` (protocol R3)."""
    return change.clears or bool(change.events) or change.writes != {"due_at"}
