"""Runs that stopped moving: push them, and fail only what nothing can move."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.procedures.look import repair
from kernel.procedures.move import Chore
from kernel.queries.list_due import due_run_ids


@dataclass(frozen=True, kw_only=True)
class ReapStuckResult:
    """What became of the runs that wanted something.

    Args:
        repaired: Those that were moved: started, rung for, freed, advanced, closed.
        reaped: Those that nothing could move; they are FAILED now, with STUCK.
        failed: Those that could not be looked at, and why.
    """

    repaired: tuple[str, ...] = ()
    reaped: tuple[str, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReapStuck(Command[ReapStuckResult]):
    """The given runs; of what is due, up to *limit*, where none is given.

    A long wait is no reason: a stage between two polls, in a backlog, or under a live lease is
    left alone, however long that lasts.
    """

    name = "run.reapStuck"

    run_ids: Sequence[str] | None = None
    limit: int = 100


def reap_stuck(command: ReapStuck, kernel: Kernel) -> ReapStuckResult:
    run_ids = command.run_ids
    if run_ids is None:
        run_ids = due_run_ids(kernel.ports, limit=command.limit)
    repaired: list[str] = []
    reaped: list[str] = []
    failed: dict[str, str] = {}
    for run_id in run_ids:
        try:
            done = repair(kernel, run_id)
        except Exception as error:  # noqa: BLE001 - one poisoned record must not stop the others
            report(kernel.ports, f"Run {run_id!r} cannot be repaired just now.", error)
            failed[run_id] = str(error)
        else:
            reaped += [run_id] if Chore.STUCK in done else []
            repaired += [run_id] if done and Chore.STUCK not in done else []
    return ReapStuckResult(repaired=tuple(repaired), reaped=tuple(reaped), failed=failed)
