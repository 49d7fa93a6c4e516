"""A kernel on memory, and the words to talk about it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from adapters.ai.routing import RoutedBatches, RoutedModels
from adapters.memory import (
    InlineExecutor,
    InlineSandbox,
    MemoryLogbook,
    MemoryMeter,
    MemoryRegistry,
    SeededEntropy,
    SkippingClock,
)
from adapters.memory.price_book import NoPrices
from functions.host import ServerlessHost
from kernel.authoring import Workflow
from kernel.dispatch import Command, Kernel
from kernel.engine import engine
from kernel.model.bell import Bell
from kernel.model.json import Json
from kernel.model.policy import Policy
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.payloads import output
from kernel.ports.bundle import Ports
from kernel.ports.persistence import Due
from kernel.procedures.create_run import CreateRun
from kernel.procedures.tick import Tick, TickResult
from tests.support.steering import (
    SteeredBlobStore,
    SteeredPersistence,
    SteeredScheduler,
    SteeredSink,
    SteeredTransport,
)
from tests.support.workflows import ALL

R = TypeVar("R")
P = TypeVar("P")
A_MINUTE = timedelta(minutes=1)
# Longer than anything waits, and before any run is retired.
A_FORTNIGHT = timedelta(days=14)
# The named queues that there are.
QUEUES = ("heavy",)
CALLBACK_BASE = "https://api.example.org"


def memory_ports(workflows: Iterable[Workflow] = ALL, **others: Any) -> Ports:
    """Return ports on memory; *others* replace single ones."""
    clock = others.pop("clock", None) or SkippingClock()
    ports = Ports(
        persistence=SteeredPersistence(),
        blobs=SteeredBlobStore(),
        transport=SteeredTransport(clock=clock, visibility=timedelta(minutes=15), queues=QUEUES),
        sink=SteeredSink(),
        scheduler=SteeredScheduler(queues=QUEUES),
        clock=clock,
        entropy=SeededEntropy(1),
        registry=MemoryRegistry(workflows),
        executor=InlineExecutor(),
        sandbox=InlineSandbox(),
        logbook=MemoryLogbook(),
        meter=MemoryMeter(),
        models=RoutedModels({}),
        batches=RoutedBatches({}),
        prices=NoPrices(),
    )
    return replace(ports, **others)


@dataclass(kw_only=True)
class World:
    """An engine with everything around it. Nothing in it takes any time but on its own clock."""

    ports: Ports = field(default_factory=memory_ports)
    policy: Policy = field(default_factory=lambda: Policy(callback_base=CALLBACK_BASE))
    answered: list[Bell] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def kernel(self) -> Kernel:
        """A kernel keeps nothing between two commands, so each use makes a new one."""
        return engine(self.ports, self.policy)

    @property
    def persistence(self) -> SteeredPersistence:
        return _known(SteeredPersistence, self.ports.persistence)

    @property
    def sink(self) -> SteeredSink:
        return _known(SteeredSink, self.ports.sink)

    @property
    def transport(self) -> SteeredTransport:
        return _known(SteeredTransport, self.ports.transport)

    @property
    def scheduler(self) -> SteeredScheduler:
        return _known(SteeredScheduler, self.ports.scheduler)

    @property
    def blobs(self) -> SteeredBlobStore:
        return _known(SteeredBlobStore, self.ports.blobs)

    @property
    def logbook(self) -> MemoryLogbook:
        return _known(MemoryLogbook, self.ports.logbook)

    @property
    def meter(self) -> MemoryMeter:
        return _known(MemoryMeter, self.ports.meter)

    @property
    def clock(self) -> SkippingClock:
        return _known(SkippingClock, self.ports.clock)

    @property
    def now(self) -> datetime:
        return self.ports.clock.now()

    def learn(self, *workflows: Workflow) -> None:
        """Deploy *workflows* as well."""
        for workflow in workflows:
            _known(MemoryRegistry, self.ports.registry).add(workflow)

    def provide(self, **others: Any) -> None:
        """Put other ports in place of some."""
        self.ports = replace(self.ports, **others)

    def dispatch(self, command: Command[R]) -> R:
        return self.kernel.dispatch(command)

    def create(self, workflow_id: str, input_: Json, **more: Any) -> str:
        """Create a run and return its id."""
        run_id = more.pop("run_id", f"run-{next(self._numbers)}")
        command = CreateRun(run_id=run_id, workflow_id=workflow_id, input=input_, **more)
        return self.dispatch(command).run_id

    def answer_one(self) -> bool:
        """Answer one bell, if one rings just now; return whether one did."""
        deliveries = self.ports.transport.receive(limit=1)
        for delivery in deliveries:
            self.answered.append(delivery.bell)
            answer(self.kernel, delivery.bell)
            self.ports.transport.acknowledge(delivery)
        return bool(deliveries)

    def take_bell(self) -> Bell:
        """Take the bell that rings now, and put it away unanswered."""
        (delivery,) = self.ports.transport.receive(limit=1)
        self.ports.transport.acknowledge(delivery)
        return delivery.bell

    def drain(self, most: int = 1_000) -> None:
        """Answer bells until none rings."""
        for _ in range(most):
            if not self.answer_one():
                return
        message = f"More than {most} bells: something rings for ever."
        raise AssertionError(message)

    def tick(self) -> TickResult:
        return self.dispatch(Tick())

    def pass_time(self, span: timedelta) -> None:
        self.ports.clock.sleep(span)

    def finish(self, run_id: str, *, rounds: int = 200, every: timedelta = A_MINUTE) -> Run:
        """Answer bells, let a minute pass, tick, and so on, until the run is over and quiet."""
        for _ in range(rounds):
            self.drain()
            if self.run(run_id).status.is_terminal and not self.due():
                return self.run(run_id)
            self.pass_time(every)
            self.tick()
        message = f"Run {run_id} is not over: {self.ports.persistence.snapshot(run_id)}"
        raise AssertionError(message)

    def due(self) -> Sequence[Due]:
        """Return everything that is due, but for the retirement of runs that are over."""
        return self.ports.persistence.due(by=self.ports.clock.now() + A_FORTNIGHT, limit=1_000)

    def run(self, run_id: str) -> Run:
        return self.ports.persistence.run(run_id)

    def stages(self, run_id: str) -> dict[str, StageRecord]:
        snapshot = self.ports.persistence.snapshot(run_id)
        return {stage.id: stage for stage in snapshot.stages}

    def output(self, run_id: str, stage_id: str) -> Json:
        return output(self.ports.blobs, self.stages(run_id)[stage_id])


def _known(kind: type[P], port: object) -> P:
    """Return *port* as what it is on memory."""
    if not isinstance(port, kind):
        message = f"This world has no {kind.__name__} but a {type(port).__name__}."
        raise TypeError(message)
    return port


def answer(kernel: Kernel, bell: Bell) -> None:
    """Do what a worker does with a bell."""
    ServerlessHost(kernel).handle_job(bell)
