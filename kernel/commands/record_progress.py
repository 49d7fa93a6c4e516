"""Note how far a body is, while its lease is held."""

from dataclasses import dataclass, replace

from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateStage, equals
from kernel.model.stage import Progress, StageRecord
from kernel.model.status import Status


@dataclass(frozen=True, kw_only=True)
class RecordProgressResult:
    """*recorded* is false where the lease is gone: the attempt is no longer wanted."""

    recorded: bool


@dataclass(frozen=True, kw_only=True)
class RecordProgress(Command[RecordProgressResult]):
    name = "stage.progress"

    seen: StageRecord
    token: str
    progress: Progress


def handle(command: RecordProgress, context: Context) -> Outcome[RecordProgressResult]:
    if not context.is_first_try:
        return Outcome(result=RecordProgressResult(recorded=False))
    # A poll reports under its own lease.
    status = command.seen.status
    held_by = "suspension.lease.token" if status is Status.SUSPENDED else "lease.token"
    change = UpdateStage(
        stage=replace(command.seen, progress=command.progress),
        writes=frozenset({"progress"}),
        requires=(equals("status", status), equals(held_by, command.token)),
    )
    return Outcome(result=RecordProgressResult(recorded=True), changes=(change,))
