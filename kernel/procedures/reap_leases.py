"""Free the jobs of workers that died."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.commands.reap_lease import ReapLease
from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.model.stage import StageKey
from kernel.procedures.follow_up import follow_up
from kernel.queries.list_due import due_running


@dataclass(frozen=True, kw_only=True)
class ReapStaleResult:
    released: int
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class ReapStale(Command[ReapStaleResult]):
    """The given stages; of what is due, up to *limit*, where none is given."""

    name = "lease.reapStale"

    keys: Sequence[StageKey] | None = None
    limit: int = 100


def reap_leases(command: ReapStale, kernel: Kernel) -> ReapStaleResult:
    keys = command.keys
    if keys is None:
        keys = due_running(kernel.ports, limit=command.limit)
    released = failed = 0
    for key in keys:
        try:
            released += reap_one(kernel, key)
        except Exception as error:  # noqa: BLE001 - one poisoned record must not stop the others
            report(kernel.ports, f"A stage of run {key.run_id!r} cannot be freed just now.", error)
            failed += 1
    return ReapStaleResult(released=released, failed=failed)


def reap_one(kernel: Kernel, key: StageKey) -> bool:
    """Free the stage if its lease has run out; return whether this call did it."""
    stage = kernel.dispatch(ReapLease(key=key)).stage
    if stage is None:
        return False
    follow_up(kernel, stage)
    return True
