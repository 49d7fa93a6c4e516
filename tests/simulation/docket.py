"""What has happened to every record so far, seen from under all faults."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

from kernel.model.change import (
    Change,
    CreateRun,
    CreateStage,
    DeleteRun,
    RemoveDeadLetter,
    SaveDeadLetter,
    UpdateRun,
    UpdateStage,
)
from kernel.model.event import Event
from kernel.model.policy import Policy
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.ports.blob_store import BlobStore
from kernel.ports.persistence import Persistence
from tests.simulation.clocks import VirtualClock
from tests.simulation.process import Process

Record = TypeVar("Record", Run, StageRecord)

# A look at a record may put it off; protocol step 19 and the marks are no part of R1.
MARKS = frozenset({"due_at", "unadvanced"})

_Place: TypeAlias = tuple[str, int, str]


@dataclass(frozen=True, kw_only=True)
class Step(Generic[Record]):
    """One record before and after one commit.

    Args:
        old: None where the commit made it.
        marked: The commit did nothing but note that somebody looked.
        made: The commit says that the record is new.
    """

    docket: "Docket"
    process: Process
    old: Record | None
    new: Record
    marked: bool = False
    made: bool = False

    @property
    def now(self) -> datetime:
        """What time it is for whoever made the commit."""
        return self.docket.clock.moment + self.process.off


BillRule: TypeAlias = Callable[["Docket", Process, Sequence[Change]], Iterator[str]]
Rules: TypeAlias = tuple[Callable[[Step[Any]], Iterator[str]], ...]


@dataclass(kw_only=True)
class Docket:
    """Keeps the last state of every record, and everything that was promised to the world.

    Args:
        store: The records as they really are.
        shared: A stage that is alone in its group lies with its run.
        skew: How far the clock of whoever writes may be off.
        run_rules: What each write of a run must fulfil; *stage_rules* likewise.
        bill_rule: What each commit must fulfil that has to do with models.
        answered: How often the provider of models has answered.

    Attributes:
        promised: The events that commits brought, by id.
        heard: Those that arrived, in the order in which they first did.
        cancelled: The generation of each run up to which a cancel has returned.
        reruns: Those that were asked for and answered, by number.
        replaced: The stages in whose place others were made.
        deleted: The runs that are gone.
        is_defined: Every process has had a definition that fits, or one comes to an older one.
        deployed_at: Since when some processes have another definition.
        refused: How often each event was refused.
        letters: The dead letters, as moments and ids of events.
        given_up: The ids of the events that ever were dead letters.
    """

    store: Persistence
    blobs: BlobStore
    clock: VirtualClock
    policy: Policy
    shared: bool
    skew: timedelta
    run_rules: Rules
    stage_rules: Rules
    bill_rule: BillRule
    answered: Callable[[], int]
    runs: dict[str, Run] = field(default_factory=dict)
    stages: dict[_Place, StageRecord] = field(default_factory=dict)
    promised: dict[str, Event] = field(default_factory=dict)
    heard: dict[str, Event] = field(default_factory=dict)
    cancelled: dict[str, int] = field(default_factory=dict)
    asked_to_cancel: set[str] = field(default_factory=set)
    reruns: set[int] = field(default_factory=set)
    replaced: list[StageRecord] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    is_defined: bool = True
    deployed_at: datetime | None = None
    refused: Counter[str] = field(default_factory=Counter)
    letters: set[tuple[datetime, str]] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    @property
    def dead(self) -> set[str]:
        """The ids of the events that are dead letters now."""
        return {event_id for _, event_id in self.letters}

    def stages_of(self, run: Run) -> list[StageRecord]:
        return [stage for stage in self.stages.values() if stage.run_id == run.id]

    def group(self, run: Run, number: int) -> list[StageRecord]:
        """Return the stages of a group, as they were made last."""
        found = [stage for stage in self.stages_of(run) if stage.group == number]
        newest = max((stage.generation for stage in found), default=0)
        made_last = [stage for stage in found if stage.generation == newest]
        return sorted(made_last, key=lambda stage: stage.ordinal)

    def tell(self, events: Sequence[Event]) -> None:
        """Note that *events* arrived outside."""
        for event in events:
            self.heard.setdefault(event.id, event)

    def look(self, process: Process, changes: Sequence[Change]) -> None:
        """Look at what *process* has just committed."""
        self.deleted |= {change.run_id for change in changes if isinstance(change, DeleteRun)}
        events = [event for change in changes for event in _events(change)]
        self.promised |= {event.id: event for event in events}
        marked = all(_is_mark(change) for change in changes)
        made = {_place(change.stage) for change in changes if isinstance(change, CreateStage)}
        stages, runs = self._touched(changes)
        outboxes = (*(stage.outbox for stage in stages), *(run.outbox for run in runs))
        kept = {event.id for outbox in outboxes for event in outbox}
        self._object(
            f"{event.id} was committed and not kept" for event in events if event.id not in kept
        )
        self._object(problem for change in changes for problem in self._letters(change, kept))
        before = {run.id: self.runs.get(run.id) for run in runs}
        self.runs |= {run.id: run for run in runs}
        for stage in stages:
            old = self.stages.get(_place(stage))
            is_made = _place(stage) in made
            if is_made and old is not None:
                self.replaced.append(old)
            self._step(self.stage_rules, process, old, stage, marked=marked, made=is_made)
            self.stages[_place(stage)] = stage
        for run in runs:
            self._step(self.run_rules, process, before[run.id], run, marked=marked)
        self._object(self.bill_rule(self, process, changes))

    def _letters(self, change: Change, kept: AbstractSet[str]) -> Iterator[str]:
        """Note what becomes of dead letters; *kept* waits in the outboxes afterwards."""
        match change:
            case SaveDeadLetter(letter=letter):
                id_, counted = letter.event.id, letter.event.refusals
                self.letters.add((letter.at, id_))
                self.given_up.add(id_)
                if not self.policy.publish_tries <= counted <= self.refused[id_]:
                    yield f"{id_} was given up on after {self.refused[id_]} refusals ({counted})"
                if id_ in kept:
                    yield f"{id_} was given up on and waits on"
            case RemoveDeadLetter(letter=letter):
                id_ = letter.event.id
                self.letters.discard((letter.at, id_))
                if id_ not in kept and id_ not in self.heard:
                    yield f"{id_} is no dead letter any more and was not put back"

    def _step(
        self,
        rules: Rules,
        process: Process,
        old: Record | None,
        new: Record,
        *,
        marked: bool,
        made: bool = False,
    ) -> None:
        step = Step(docket=self, process=process, old=old, new=new, marked=marked, made=made)
        for rule in rules:
            self._object(rule(step))

    def _object(self, problems: Iterator[str]) -> None:
        self.violations += problems

    def _touched(self, changes: Sequence[Change]) -> tuple[list[StageRecord], list[Run]]:
        """Read the records that the commit touched, those included that lie with them."""
        stages: dict[_Place, StageRecord] = {}
        runs: dict[str, Run] = {}
        for key in (c.stage.key for c in changes if isinstance(c, CreateStage | UpdateStage)):
            found = self.store.standing(key)
            stages[_place(found.stage)] = found.stage
            if found.run is not None and self.shared:
                runs[key.run_id] = found.run
        for run_id in (c.run.id for c in changes if isinstance(c, CreateRun | UpdateRun)):
            head = self.store.head(run_id)
            runs[run_id] = head.run
            if head.active is not None and self.shared:
                stages.setdefault(_place(head.active), head.active)
        return list(stages.values()), list(runs.values())


def _place(stage: StageRecord) -> _Place:
    return (stage.run_id, stage.group, stage.id)


def _events(change: Change) -> tuple[Event, ...]:
    match change:
        case CreateRun(run=run):
            return run.outbox
        case CreateStage(stage=stage):
            return stage.outbox
        case UpdateRun(events=events) | UpdateStage(events=events):
            return events
        case _:
            return ()


def _is_mark(change: Change) -> bool:
    """Whether it only notes that somebody looked; what is given up on is taken out by a mark."""
    if isinstance(change, SaveDeadLetter):
        return True
    return isinstance(change, UpdateRun | UpdateStage) and change.writes <= MARKS
