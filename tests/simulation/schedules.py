"""One run, with one thing happening to it: at each place between two port calls, once."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeAlias, TypeVar

from kernel.model.change import Change, UpdateRun, UpdateStage
from kernel.model.event import Event
from kernel.model.run import Run
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from kernel.ports.event_sink import EventSink, Published
from kernel.ports.persistence import Persistence, Standing
from tests.support.saboteurs import Crash, Fate, mortal
from tests.support.world import World

T = TypeVar("T")
LONGEST = 60
# Longer than anything waits, and before any run is retired.
A_FORTNIGHT = timedelta(days=14)

MakePorts: TypeAlias = Callable[[], Ports]


@dataclass(frozen=True, kw_only=True)
class Written:
    """One status that a commit wrote; *stage* is None for the run's own."""

    stage: StageKey | None
    status: Status


@dataclass(kw_only=True)
class Ledger:
    """A persistence that notes every status that was committed, in order."""

    inner: Persistence
    written: list[Written] = field(default_factory=list)
    closed: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def commit(self, changes: Sequence[Change]) -> None:
        self.inner.commit(changes)
        self._note(changes)

    def update(self, change: UpdateStage) -> Standing:
        standing = self.inner.update(change)
        self._note([change])
        return standing

    def _note(self, changes: Sequence[Change]) -> None:
        for change in changes:
            match change:
                case UpdateStage(stage=stage, writes=writes) if "status" in writes:
                    self.written.append(Written(stage=stage.key, status=stage.status))
                case UpdateRun(run=run, writes=writes) if "status" in writes:
                    self.written.append(Written(stage=None, status=run.status))
                case UpdateRun(run=run) if run.closing is not None:
                    self.closed = True


@dataclass(kw_only=True)
class Told:
    """A sink that notes what the world accepted, in order."""

    inner: EventSink
    events: list[Event] = field(default_factory=list)

    def publish(self, events: Sequence[Event]) -> Published:
        answer = self.inner.publish(events)
        self.events += answer.accepted
        return answer


@dataclass(kw_only=True)
class Play:
    """A run of *workflow_id* on *ports*, which *fate* may interrupt."""

    workflow_id: str
    ports: Ports
    fate: Fate
    sink: Told
    ledger: Ledger
    run_id: str = "r"

    @property
    def outside(self) -> World:
        """The same account, seen by somebody whom fate leaves alone."""
        return World(ports=self.ports)

    @property
    def inside(self) -> World:
        return World(ports=mortal(self.ports, self.fate))

    @property
    def run(self) -> Run:
        return self.ports.persistence.run(self.run_id)

    @property
    def stages(self) -> Sequence[StageRecord]:
        return self.ports.persistence.snapshot(self.run_id).stages

    @property
    def told(self) -> Sequence[str]:
        """The types of the events that arrived, without those that arrived before."""
        return [event.type for event in {event.id: event for event in self.sink.events}.values()]

    @property
    def is_over(self) -> bool:
        """Whether it is terminal, and nothing of it waits for anything any more."""
        by = self.ports.clock.now() + A_FORTNIGHT
        quiet = not self.ports.persistence.due(by=by, limit=10)
        return self.run.status.is_terminal and quiet

    @property
    def completions(self) -> Counter[StageKey]:
        """How often each stage was committed as COMPLETED."""
        done = (one for one in self.ledger.written if one.status is Status.COMPLETED)
        return Counter(one.stage for one in done if one.stage is not None)

    def to_its_end(self) -> "Play":
        """Create the run and see it through: bells, a minute, a tick, and so on."""
        create = {"run_id": self.run_id, "idempotency_key": "k"}
        surviving(lambda: self.inside.create(self.workflow_id, {"value": 1}, **create))
        return self.on_to_its_end()

    def on_to_its_end(self) -> "Play":
        """See the run through from where it is."""
        for _ in range(LONGEST):
            surviving(self.inside.drain)
            if self.is_over:
                return self
            self.ports.clock.sleep(timedelta(minutes=1))
            surviving(self.inside.tick)
        message = f"{self.fate}: not over after {LONGEST} minutes: {self.run} {self.stages}"
        raise AssertionError(message)


def prepare(make_ports: MakePorts, workflow_id: str, fate: Fate) -> Play:
    """Return a play that has not begun, on an account of its own."""
    ports = make_ports()
    sink = Told(inner=ports.sink)
    ledger = Ledger(inner=ports.persistence)
    ports = replace(ports, sink=sink, persistence=ledger)
    return Play(workflow_id=workflow_id, ports=ports, fate=fate, sink=sink, ledger=ledger)


def places(make_ports: MakePorts, workflow_id: str) -> int:
    """Return how many port calls an undisturbed run makes."""
    return len(prepare(make_ports, workflow_id, Fate()).to_its_end().fate.calls)


def surviving(process: Callable[[], T]) -> T:
    """Start a process, and start it again when it dies."""
    while True:
        try:
            return process()
        except Crash:
            continue
