"""The simulated account: one store, one queue, one sink, and processes that share them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import Any, TypeVar, cast

from adapters.ai.routing import RoutedBatches
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.patience import Patience
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.memory import (
    InlineSandbox,
    MemoryBlobStore,
    MemoryJobTransport,
    MemoryPersistence,
    MemoryRegistry,
    MemoryScheduler,
    SeededEntropy,
)
from adapters.memory.price_book import NoPrices
from kernel.dispatch import Command, Kernel
from kernel.engine import engine
from kernel.errors import EngineError, IllegalTransitionError
from kernel.model.change import Change, UpdateStage
from kernel.model.event import Event
from kernel.ports.bundle import Ports
from kernel.ports.event_sink import Published
from kernel.ports.job_transport import Delivery
from kernel.ports.logbook import LogEntry
from kernel.ports.persistence import Persistence, Standing
from tests.simulation.askers import Provider
from tests.simulation.billing import look_at_bills
from tests.simulation.clocks import A_CENTURY, NO_TIME, ProcessClock, VirtualClock
from tests.simulation.director import Director
from tests.simulation.docket import Docket
from tests.simulation.living import LivingExecutor
from tests.simulation.process import Process
from tests.simulation.rules import RUN_RULES, STAGE_RULES
from tests.simulation.setting import ITEMS, Setting
from tests.simulation.tampering import Tampering
from tests.simulation.watched import PatientItems, Watched

R = TypeVar("R")

REMEMBERED = 6
# Commands that say so where the state machine has no such arrow.
REFUSING = ("run.rerunFrom", "run.rerun", "run.delete", "run.retire")


class Queue(MemoryJobTransport):
    """A queue that is asked when its next bell rings more often than bells come and go."""

    def __init__(self, *, clock: VirtualClock, visibility: timedelta) -> None:
        super().__init__(clock=clock, visibility=visibility)
        self._rings_at: datetime | None = None
        self._is_known = False

    @property
    def rings_at(self) -> datetime | None:
        """When the next bell can be received; None without bells."""
        if not self._is_known:
            self._rings_at, self._is_known = self.next_at, True
        return self._rings_at

    def post(self, text: str, **more: Any) -> None:
        self._is_known = False
        super().post(text, **more)

    def receive(self, *, limit: int = 1, queue: str | None = None) -> Sequence[Delivery]:
        self._is_known = False
        return super().receive(limit=limit, queue=queue)

    def acknowledge(self, delivery: Delivery) -> None:
        self._is_known = False
        super().acknowledge(delivery)

    def give_back(self, delivery: Delivery, *, delay: timedelta = NO_TIME) -> None:
        self._is_known = False
        super().give_back(delivery, delay=delay)


class Witness:
    """The store under all faults: it shows every commit of *process* to the docket."""

    def __init__(self, inner: Persistence, process: Process, account: "Account") -> None:
        self._inner = inner
        self._process = process
        self._account = account

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, changes: Sequence[Change]) -> None:
        changes = self._account.tampering.changed(changes)
        self._inner.commit(changes)
        self._account.look(self._process, changes)

    def update(self, change: UpdateStage) -> Standing:
        (changed,) = self._account.tampering.changed([change])
        standing = self._inner.update(cast("UpdateStage", changed))
        self._account.look(self._process, [changed])
        return standing


class ToldSink:
    """The world outside: it hears events, but for those that are poisoned."""

    def __init__(self, docket: Docket, director: Director, types: Collection[str]) -> None:
        self._docket = docket
        self._director = director
        self._types = types

    def publish(self, events: Sequence[Event]) -> Published:
        accepted = [*takewhile(lambda event: not self._is_poisoned(event), events)]
        self._docket.tell(accepted)
        if len(accepted) == len(events):
            return Published(accepted=accepted)
        self._docket.refused[events[len(accepted)].id] += 1
        return Published(accepted=accepted, refusal="It is poisoned.")

    def _is_poisoned(self, event: Event) -> bool:
        until = self._director.poisoned.get(event.id)
        if until is not None:
            return until > self._director.clock.moment
        return event.type in self._types and event.id not in self._docket.given_up


class TokenEntropy:
    """Remembers which process drew which token."""

    def __init__(self, inner: SeededEntropy, process: Process) -> None:
        self._inner = inner
        self._process = process
        self.jitter = inner.jitter

    def token(self) -> str:
        token = self._inner.token()
        self._process.tokens.add(token)
        return token


class Silence:
    """A logbook that nobody reads, and a meter too."""

    def write(self, entry: LogEntry) -> None:
        """Forget it."""

    def committed(self, changes: Sequence[Change]) -> None:
        """Forget it."""


class HonestKernel(Kernel):
    """Tells the docket of errors that no command may raise; who dispatches may hide them."""

    def __init__(self, inner: Kernel, docket: Docket, tampering: Tampering) -> None:
        vars(self).update(vars(inner))
        self._table = tampering.table(self._table)
        self._docket = docket

    def dispatch(self, command: Command[R]) -> R:
        try:
            return super().dispatch(command)
        except IllegalTransitionError as error:
            if command.name not in REFUSING:
                self._docket.violations.append(f"{command.name} raised {error!r}")
            raise
        except EngineError:
            raise
        except Exception as error:
            self._docket.violations.append(f"{command.name} raised {error!r}")
            raise


@dataclass(kw_only=True)
class Account:
    """Everything that processes share.

    Attributes:
        deployed: Which definitions a new process brings along.
        answered: What the client that creates the run was told.
    """

    setting: Setting
    director: Director
    tampering: Tampering
    seed: int
    deployed: str = "first"
    ids: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    def __post_init__(self) -> None:
        clock, shared = self.director.clock, self.setting.layout == ITEMS
        self.items = MemoryItems()
        self.store: Persistence = (
            DynamoPersistence(self.items, due_shards=1) if shared else MemoryPersistence()
        )
        self.blobs = MemoryBlobStore()
        self.provider = Provider()
        self.docket = Docket(
            store=self.store,
            blobs=self.blobs,
            clock=clock,
            policy=self.setting.policy,
            shared=shared,
            skew=self.setting.skew,
            run_rules=RUN_RULES,
            stage_rules=STAGE_RULES,
            bill_rule=look_at_bills,
            answered=lambda: self.provider.answered,
        )
        self.transport = Queue(clock=clock, visibility=self.setting.visibility)
        self.scheduler = MemoryScheduler()
        self.sink = ToldSink(self.docket, self.director, self.setting.poisoned)
        self.entropy = SeededEntropy(self.seed)
        self.executors: list[LivingExecutor] = []

    @property
    def first_due(self) -> datetime | None:
        """When the tick has something to do."""
        far = self.director.clock.moment + A_CENTURY
        return min((due.at for due in self.store.due(by=far, limit=1_000)), default=None)

    def look(self, process: Process, changes: Sequence[Change]) -> None:
        self.docket.look(process, changes)
        if self.setting.remembers_index:
            far = self.director.clock.moment + A_CENTURY
            index = self.store.due(by=far, limit=100)
            self.director.indexes = [*self.director.indexes[1 - REMEMBERED :], index]

    def kernel(self, process: Process) -> Kernel:
        """Return the engine as *process* has it: every port call asks the scheduler first."""
        kernel = engine(self._ports(process), self.setting.policy)
        return HonestKernel(kernel, self.docket, self.tampering)

    def _ports(self, process: Process) -> Ports:
        clock = self._watched("clock", ProcessClock(self.director.clock, process), process)
        entropy = TokenEntropy(self.entropy, process)
        store = self._store(process, clock, entropy)
        return Ports(
            persistence=self._watched("persistence", Witness(store, process, self), process),
            blobs=self._watched("blobs", self.blobs, process),
            transport=self._watched("transport", self.transport, process),
            sink=self._watched("sink", self.sink, process),
            scheduler=self._watched("scheduler", self.scheduler, process),
            clock=clock,
            entropy=entropy,
            registry=self._registry(),
            executor=self._watched("executor", self._executor(process, clock), process),
            sandbox=InlineSandbox(),
            logbook=Silence(),
            meter=Silence(),
            models=self._watched("models", self.provider, process),
            batches=RoutedBatches({}),
            prices=NoPrices(),
        )

    def _executor(self, process: Process, clock: Any) -> LivingExecutor:
        executor = LivingExecutor(
            clock, process, setting=self.setting, docket=self.docket, director=self.director
        )
        self.executors.append(executor)
        return executor

    def _store(self, process: Process, clock: Any, entropy: TokenEntropy) -> Persistence:
        if self.setting.layout != ITEMS:
            return self.store
        items = self.tampering.items(self._watched("items", self.items, process))
        patience = Patience(table="table", clock=clock, entropy=entropy)
        return DynamoPersistence(PatientItems(items, patience), due_shards=1)

    def _registry(self) -> MemoryRegistry:
        flow = self.setting.flow
        calm = self.director.calm_since is not None
        match self.deployed:
            case "none" if not calm:
                return MemoryRegistry()
            case "next" if calm or self.director.chance.happens(0.7):
                return MemoryRegistry([flow.next])
            case "other" if calm or self.director.chance.happens(0.7):
                return MemoryRegistry([flow.other])
            case _:
                return MemoryRegistry([flow.workflow])

    def _watched(self, name: str, port: object, process: Process) -> Any:
        return Watched(name, port, process, self.director)
