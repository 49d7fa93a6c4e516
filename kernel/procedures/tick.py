"""One bounded round of chores: look at what is due, and repeat what was lost.

Only bells run users' code; the tick rings them. Each record is looked at by itself, so one that
fails is put off and holds up no other. Every look ends with a mark: when to look again.
"""

from dataclasses import dataclass, field
from datetime import datetime

from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.errors import UnavailableError
from kernel.ports.persistence import Due
from kernel.procedures.look import Chore, look_at_run, look_at_stage, put_off
from kernel.queries.list_due import list_due


@dataclass(frozen=True, kw_only=True)
class TickResult:
    """What was done, by chore; *left* records were due and were not reached in time."""

    claimed: int = 0
    suspended_checked: int = 0
    stale_released: int = 0
    events_flushed: int = 0
    rung: int = 0
    advanced: int = 0
    closed: int = 0
    dead_lettered: int = 0
    failed: int = 0
    left: int = 0


@dataclass(frozen=True, kw_only=True)
class Tick(Command[TickResult]):
    """Work until *until*, on at most *limit* records; *caps* bound single chores."""

    name = "tick.run"

    limit: int = 200
    until: datetime | None = None
    caps: dict[Chore, int] = field(default_factory=dict)


def tick(command: Tick, kernel: Kernel) -> TickResult:
    """Carry out the round.

    Raises:
        UnavailableError: The store is out of reach; the next tick will do it.
    """
    dues = list_due(kernel.ports, limit=command.limit)
    counts = dict.fromkeys(Chore, 0)
    failed = left = 0
    for due in dues:
        if command.until is not None and kernel.ports.clock.now() >= command.until:
            left += 1
            continue
        capped = {chore for chore, cap in command.caps.items() if counts[chore] >= cap}
        done = _look(kernel, due, capped)
        failed += done is None
        for chore, count in (done or {}).items():
            counts[chore] += count
    return TickResult(failed=failed, left=left, **{chore.value: n for chore, n in counts.items()})


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
