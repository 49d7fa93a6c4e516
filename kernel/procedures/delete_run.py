"""Delete a run that is over, with its records and its blobs; nothing of it is left."""

from dataclasses import dataclass

from kernel.commands.retire_run import RetireRun
from kernel.dispatch import Command, Kernel
from kernel.errors import UnavailableError
from kernel.model.stage import StageKey
from kernel.procedures.publish_events import publish_run
from kernel.procedures.retirement import step


@dataclass(frozen=True, kw_only=True)
class DeleteRunResult:
    run_id: str


@dataclass(frozen=True, kw_only=True)
class DeleteRun(Command[DeleteRunResult]):
    """What dies on the way is finished by the tick. Runs whose days are over go by themselves."""

    name = "run.delete"

    run_id: str


def delete_run(command: DeleteRun, kernel: Kernel) -> DeleteRunResult:
    """Remove everything; when this returns, it is gone.

    Raises:
        NotFoundError: There is no such run.
        IllegalTransitionError: It is not over.
        UnavailableError: Its events cannot be sent just now; without them it may not go.
    """
    if not kernel.dispatch(RetireRun(run_id=command.run_id)).retired:
        publish_run(kernel, command.run_id, _waiting(kernel, command.run_id))
        if not kernel.dispatch(RetireRun(run_id=command.run_id)).retired:
            message = f"Run {command.run_id!r} has events that cannot be sent just now; try later."
            raise UnavailableError(message, run_id=command.run_id)
    while not step(kernel, command.run_id):
        pass
    return DeleteRunResult(run_id=command.run_id)


def _waiting(kernel: Kernel, run_id: str) -> list[StageKey]:
    """Return the stages that have something to send, though their run may have sent its end."""
    stages = kernel.ports.persistence.snapshot(run_id).stages
    return [stage.key for stage in stages if stage.outbox]
