"""Comparing bites: a store with one fault is told from one without, by what anybody can ask."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from adapters.memory import MemoryPersistence
from kernel.model.change import Change, Update, UpdateRun, UpdateStage
from tests.stateful.persistence import compare

ENOUGH = 200


class Faulty(MemoryPersistence):
    """Writes something else than it is told to."""

    def __init__(self, fault: Callable[[Update], Change]) -> None:
        super().__init__()
        self._fault = fault

    def commit(self, changes: Sequence[Change]) -> None:
        super().commit([self._altered(change) for change in changes])

    def _altered(self, change: Change) -> Change:
        return self._fault(change) if isinstance(change, UpdateRun | UpdateStage) else change


def without(field: str) -> Callable[[Update], Change]:
    """Return the fault of one who does not look at *field*."""
    return lambda change: replace(
        change, requires=tuple(each for each in change.requires if each.field != field)
    )


FAULTS: dict[str, Callable[[Update], Change]] = {
    **{
        f"does not look at {field}": without(field)
        for field in ("status", "version", "closing", "generation", "cursor", "lease.expires_at")
    },
    "loses events": lambda change: replace(change, events=()),
    "clears nothing": lambda change: replace(change, clears=False),
    "is never due": lambda change: replace(change, writes=change.writes - {"due_at"}),
    "writes what it is not told to": lambda change: replace(
        change, writes=change.writes | {"completed_at"}
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_is_noticed(fault: Callable[[Update], Change]) -> None:
    with pytest.raises(AssertionError):
        compare(
            lambda: {"right": MemoryPersistence(), "wrong": Faulty(fault)},
            examples=ENOUGH,
            curious=False,
        )
