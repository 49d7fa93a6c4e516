"""One bounded round of chores: look at what is due, and repeat what was lost.

Only bells run users' code; the tick rings them. Each record is looked at by itself, so one that
fails is put off and holds up no other. Every look ends with a mark: when to look again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.errors import UnavailableError
from kernel.model.stage import StageKey
from kernel.ports.persistence import Due
from kernel.procedures.look import look_at_run, look_at_stage, put_off
from kernel.procedures.move import Chore
from kernel.queries.list_due import list_due


@dataclass(frozen=True, kw_only=True)
class TickResult:
    """What was done, by chore.

    Args:
        unserved: How many bells rang in queues that nobody serves.
        left: At least so many records were due and were not reached in time.
    """

    claimed: int = 0
    suspended_checked: int = 0
    stale_released: int = 0
    events_flushed: int = 0
    stuck_reaped: int = 0
    retired: int = 0
    rung: int = 0
    unserved: int = 0
    advanced: int = 0
    closed: int = 0
    dead_lettered: int = 0
    failed: int = 0
    left: int = 0


@dataclass(frozen=True, kw_only=True)
class Tick(Command[TickResult]):
    """Work until *until*, on at most *limit* records; *caps* bound single chores.

    *page* is how many nominations are read at a time.
    """

    name = "tick.run"

    limit: int = 10_000
    page: int = 200
    until: datetime | None = None
    caps: dict[Chore, int] = field(default_factory=dict)


def tick(command: Tick, kernel: Kernel) -> TickResult:
    """Carry out the round: page after page of what is due, while there is time.

    Raises:
        UnavailableError: The store is out of reach; the next tick will do it.
    """
    round_ = _Round(command=command, kernel=kernel)
    while dues := round_.nominated():
        for due in dues:
            if round_.is_over():
                round_.left += 1
            else:
                round_.look_at(due)
        if round_.capped():
            # Runs that may not be started any more stay at the head of the index, what may not be
            # polled or sent is put off: looking at all of it would be idle.
            round_.left += len(round_.nominated())
        if round_.left:
            break
    counts = {chore.value: number for chore, number in round_.counts.items()}
    return TickResult(failed=round_.failed, left=round_.left, **counts)


@dataclass(kw_only=True)
class _Round:
    """One tick under way; it looks at no record twice, since the index may lag behind."""

    command: Tick
    kernel: Kernel
    counts: dict[Chore, int] = field(default_factory=lambda: dict.fromkeys(Chore, 0))
    failed: int = 0
    left: int = 0
    _seen: set[tuple[str, StageKey | None]] = field(default_factory=set)
    _looks: int = 0

    def nominated(self) -> list[Due]:
        """Return the next page of what is due and was not looked at, most overdue first."""
        # What is seen may head the index still, and must not crowd out the rest.
        dues = list_due(self.kernel.ports, limit=self.command.page + len(self._seen))
        fresh = [due for due in dues if (due.run_id, due.stage) not in self._seen]
        self._seen |= {(due.run_id, due.stage) for due in fresh}
        return fresh

    def is_over(self) -> bool:
        until = self.command.until
        late = until is not None and self.kernel.ports.clock.now() >= until
        return late or self._looks >= self.command.limit

    def capped(self) -> set[Chore]:
        caps = self.command.caps.items()
        return {chore for chore, cap in caps if self.counts[chore] >= cap}

    def look_at(self, due: Due) -> None:
        self._looks += 1
        done = _look(self.kernel, due, self.capped())
        self.failed += done is None
        for chore, count in (done or {}).items():
            self.counts[chore] += count


def _look(kernel: Kernel, due: Due, capped: set[Chore]) -> dict[Chore, int] | None:
    """Return what was done; None where the record could not be moved and was put off."""
    try:
        if due.stage is None:
            return look_at_run(kernel, due.run_id, capped)
        return look_at_stage(kernel, due.stage, capped)
    except Exception as error:  # noqa: BLE001 - one poisoned record must not stop the others
        report(kernel.ports, f"A due record of run {due.run_id!r} could not be moved.", error)
    try:
        put_off(kernel, due)
    except UnavailableError:
        raise
    except Exception as error:  # noqa: BLE001 - as above; it stays due and is tried again
        report(kernel.ports, f"A due record of run {due.run_id!r} cannot be put off.", error)
    return None
