"""A world whose engine lacks one of its rules, so that a test can show that it notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.memory import MemoryPersistence
from kernel.dispatch import Kernel
from kernel.model.change import Change, UpdateStage
from kernel.ports.persistence import Persistence, Standing
from tests.simulation.tampering import Tampering
from tests.support.due_watch import DueWatch
from tests.support.invariants import broken
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports

LAYOUTS: Final = ("records", "items")


class MutatedPersistence:
    """Alters changes right before they are committed."""

    def __init__(self, inner: Persistence, tampering: Tampering) -> None:
        self._inner = inner
        self._tampering = tampering

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def commit(self, changes: Sequence[Change]) -> None:
        self._inner.commit(self._tampering.changed(changes))

    def update(self, change: UpdateStage) -> Standing:
        (changed,) = self._tampering.changed([change])
        return self._inner.update(cast("UpdateStage", changed))


@dataclass(kw_only=True)
class MutatedWorld(World):
    """An engine with other handlers, over a store that gets other changes."""

    tampering: Tampering

    @property
    def kernel(self) -> Kernel:
        kernel = super().kernel
        table: Any = vars(kernel)["_table"]
        return Kernel(kernel.ports, kernel.policy, self.tampering.table(table))


def mutated_world(tampering: Tampering, layout: str) -> MutatedWorld:
    """Return a world that goes by *tampering*, where records lie in *layout*."""
    items = DynamoPersistence(tampering.items(MemoryItems()))
    inner = items if layout == "items" else MemoryPersistence()
    # It passes on whatever it does not alter.
    mutated = cast("Persistence", MutatedPersistence(inner, tampering))
    steered = SteeredPersistence(mutated)
    return MutatedWorld(tampering=tampering, ports=memory_ports(persistence=steered))


def check(world: World, watch: DueWatch) -> None:
    """Assert what the fixture `world` asserts after every test."""
    assert not watch.problems
    assert not broken(world)
