"""What a tick should look at."""

from collections.abc import Sequence

from kernel.effects import report
from kernel.errors import NotFoundError
from kernel.model.stage import Poll, StageKey, StageRecord
from kernel.model.status import Status
from kernel.ports.bundle import Ports
from kernel.ports.persistence import Due


def list_due(ports: Ports, *, limit: int) -> Sequence[Due]:
    """Return up to *limit* nominations, the most overdue first."""
    return ports.persistence.due(by=ports.clock.now(), limit=limit)


def due_run_ids(ports: Ports, *, limit: int) -> list[str]:
    """Return the runs that are due themselves or have a stage that is, each once."""
    return list(dict.fromkeys(due.run_id for due in list_due(ports, limit=limit)))


def due_polls(ports: Ports, *, limit: int) -> list[Poll]:
    """Return the next polls of suspended stages that are due."""
    found: list[Poll] = []
    for due in list_due(ports, limit=10 * limit):
        stage = _nominated(ports, due)
        if stage is not None and stage.status is Status.SUSPENDED and len(found) < limit:
            found.append(Poll(workflow_id=stage.workflow_id, key=stage.key))
    return found


def due_running(ports: Ports, *, limit: int) -> list[StageKey]:
    """Return running stages that are due: their leases may have run out."""
    stages = (_nominated(ports, due) for due in list_due(ports, limit=limit))
    return [stage.key for stage in stages if stage and stage.status is Status.RUNNING]


def _nominated(ports: Ports, due: Due) -> StageRecord | None:
    try:
        if due.stage is None:
            return ports.persistence.head(due.run_id).active
        return ports.persistence.standing(due.stage).stage
    except NotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 - one poisoned record must not stop the others
        report(ports, f"A due record of run {due.run_id!r} cannot be read.", error)
        return None
