"""Start pending runs. One bad run never holds up the others."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernel.commands.start_run import StartRun
from kernel.dispatch import Command, Kernel
from kernel.errors import EngineError, NotFoundError, RejectedError
from kernel.model.materials import Materials
from kernel.model.run import Run
from kernel.model.status import Status
from kernel.payloads import fetch
from kernel.procedures.definition import definition
from kernel.queries.list_due import due_run_ids


@dataclass(frozen=True, kw_only=True)
class ClaimPendingResult:
    """*claimed* were started by this call; *failed* could not be, for the reason given."""

    claimed: tuple[str, ...]
    failed: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ClaimPending(Command[ClaimPendingResult]):
    """The given runs; of what is due, up to *limit*, where none is given."""

    name = "run.claimPending"

    run_ids: Sequence[str] | None = None
    limit: int = 10


def claim_pending(command: ClaimPending, kernel: Kernel) -> ClaimPendingResult:
    """Start what may start, the most urgent first.

    Raises:
        ConflictError, UnavailableError: A run that was given could not be started just now. One
            that is merely due is left for the next time.
    """
    failed: dict[str, str] = {}
    pending = sorted(_pending(command, kernel, failed), key=_urgency)
    claimed: list[str] = []
    for run in pending if command.run_ids is not None else pending[: command.limit]:
        try:
            if start_one(kernel, run):
                claimed.append(run.id)
        except EngineError as error:
            if command.run_ids is not None and not isinstance(error, RejectedError):
                raise
            failed[run.id] = error.message
    return ClaimPendingResult(claimed=tuple(claimed), failed=failed)


def _pending(command: ClaimPending, kernel: Kernel, failed: dict[str, str]) -> Iterator[Run]:
    """Yield the runs that wait, as they stand; note those that are not there."""
    for run_id in _nominated(command, kernel):
        try:
            run = kernel.ports.persistence.run(run_id)
        except NotFoundError as error:
            failed[run_id] = error.message
        else:
            if run.status is Status.PENDING:
                yield run


def start_one(kernel: Kernel, run: Run) -> bool:
    """Start *run*; return whether this call did it.

    Raises:
        DefinitionChangedError: This process does not know its workflow; another one may.
    """
    definition(kernel, run.workflow_id, run.id, known_as=run.fingerprint)
    intake = kernel.ports.persistence.intake(run.id)
    blobs = kernel.ports.blobs
    config = fetch(blobs, intake.config)
    copy = Materials(
        input=fetch(blobs, intake.input), config=config if isinstance(config, dict) else {}
    )
    return kernel.dispatch(StartRun(seen=run, copy=copy)).started


def _nominated(command: ClaimPending, kernel: Kernel) -> Sequence[str]:
    if command.run_ids is not None:
        return command.run_ids
    # More than may be claimed: what is due includes runs that wait for something else.
    return due_run_ids(kernel.ports, limit=10 * command.limit)


def _urgency(run: Run) -> tuple[int, str]:
    return (-run.priority, run.id)
