"""The state machines, as tables. Everything that may change a status asks here."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from kernel.errors import IllegalTransitionError


class Status(StrEnum):
    """Where a run or a stage stands. A run is never SUSPENDED and never SKIPPED."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUSPENDED = "SUSPENDED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL

    def run_to(self, target: "Status") -> "Status":
        """Follow a run's arrow to *target*, or refuse."""
        return _followed("run", RUN_ARROWS, self, target)

    def stage_to(self, target: "Status") -> "Status":
        """Follow a stage's arrow to *target*, or refuse."""
        return _followed("stage", STAGE_ARROWS, self, target)


_S = Status

TERMINAL: Final = frozenset({_S.COMPLETED, _S.FAILED, _S.CANCELLED, _S.SKIPPED})
UNFINISHED: Final = frozenset(Status) - TERMINAL

# Within one generation. A rerun starts another one and leaves these arrows alone.
RUN_ARROWS: Final[Mapping[Status, frozenset[Status]]] = {
    _S.PENDING: frozenset({_S.RUNNING, _S.FAILED, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.COMPLETED, _S.FAILED, _S.CANCELLED}),
    _S.COMPLETED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
STAGE_ARROWS: Final[Mapping[Status, frozenset[Status]]] = {
    _S.PENDING: frozenset({_S.RUNNING, _S.CANCELLED}),
    _S.RUNNING: frozenset(
        {_S.PENDING, _S.SUSPENDED, _S.COMPLETED, _S.FAILED, _S.CANCELLED, _S.SKIPPED}
    ),
    _S.SUSPENDED: frozenset({_S.PENDING, _S.COMPLETED, _S.FAILED, _S.CANCELLED}),
    _S.COMPLETED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.SKIPPED: frozenset(),
}


def _followed(
    what: str, arrows: Mapping[Status, frozenset[Status]], source: Status, target: Status
) -> Status:
    if target not in arrows.get(source, frozenset()):
        message = f"A {source} {what} cannot become {target}."
        raise IllegalTransitionError(message, source=source, target=target)
    return target
