"""One run from its creation to its end, bell by bell, and what each bell took."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from adapters.dynamodb import keys
from adapters.dynamodb.items import Item
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.memory import MemoryBlobStore, MemoryEventSink, MemoryJobTransport, SkippingClock
from kernel.authoring import Workflow
from kernel.model.ids import short
from tests.benchmarks.metering import MeteredBlobs, MeteredItems, MeteredSink, MeteredTransport
from tests.benchmarks.usage import Meter, Usage
from tests.benchmarks.workloads import POLL_EVERY, page
from tests.support.world import World, memory_ports

# As long as a ULID and a UUID: what an item holds is charged for by its length.
_ULID: Final = 26
_UUID: Final = 36

A_SECOND: Final = timedelta(seconds=1)
A_MINUTE: Final = timedelta(minutes=1)


@dataclass(kw_only=True)
class Metered:
    """A world on memory in which everything is noted that would be asked of AWS.

    *ticks* counts those that came while somebody waited.
    """

    workflows: Iterable[Workflow]
    meter: Meter = field(default_factory=Meter)
    items: MemoryItems = field(default_factory=MemoryItems)
    world: World = field(init=False)
    ticks: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        clock, meter = SkippingClock(), self.meter
        ports = memory_ports(
            self.workflows,
            clock=clock,
            persistence=DynamoPersistence(MeteredItems(self.items, meter)),
            transport=MeteredTransport(MemoryJobTransport(clock=clock), meter),
            sink=MeteredSink(MemoryEventSink(), meter),
            blobs=MeteredBlobs(MemoryBlobStore(), meter),
        )
        self.world = World(ports=ports)
        self._begun = clock.now()

    def play(self, workflow_id: str) -> dict[str, Usage]:
        """Return what each bell of a run took, by its name."""
        return dict(play(self.world, workflow_id, self.meter.taken))

    def items_of(self, workflow_id: str) -> Sequence[Item]:
        """Return all items of the run."""
        return list(self.items.query(keys.partition(run_id_of(workflow_id)), ""))

    def tick(self) -> Usage:
        """Return what a tick takes just now."""
        self.meter.taken()
        self.world.tick()
        return self.meter.taken()

    def wait(self, span: timedelta) -> None:
        """Let time pass, with a tick at every full minute."""
        clock = self.world.ports.clock
        end = clock.now() + span
        while (minute := self._begun + (self.ticks + 1) * A_MINUTE) <= end:
            clock.sleep(minute - clock.now())
            self.world.tick()
            self.ticks += 1
        clock.sleep(end - clock.now())


def played(workflow: Workflow) -> dict[str, Usage]:
    """Return what each bell of a run of *workflow* takes, the first run there ever was."""
    return Metered(workflows=[workflow]).play(workflow.id)


def play(
    world: World, workflow_id: str, taken: Callable[[], Usage]
) -> Iterator[tuple[str, Usage]]:
    """Create a run and answer its bells until none rings; yield what each of that took.

    A second passes before each bell: no two things happen in one instant.

    Args:
        taken: What was taken since it was last asked.
    """
    taken()
    created = page("i").model_dump()
    run_id, key = run_id_of(workflow_id), short(workflow_id, _UUID)
    world.create(workflow_id, created, run_id=run_id, idempotency_key=key)
    yield "create", taken()
    while _answered(world, A_SECOND) or _answered(world, POLL_EVERY):
        yield _name(world), taken()


def run_id_of(workflow_id: str) -> str:
    """Return the id of the one run that a workflow has here."""
    return short(workflow_id, _ULID)


def _answered(world: World, after: timedelta) -> bool:
    world.pass_time(after)
    return world.answer_one()


def _name(world: World) -> str:
    bell = world.answered[-1]
    return f"{bell.kind} {bell.stage_id} {bell.attempt}" if bell.stage_id else bell.kind
