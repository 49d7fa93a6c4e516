"""What handlers ask of a stage before they decide about it."""

from kernel.dispatch import Context
from kernel.errors import NotFoundError
from kernel.model.run import Run
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.persistence import Standing


def standing(context: Context, key: StageKey) -> Standing | None:
    """Return the stage as it stands, or None where there is no such stage."""
    try:
        return context.ports.persistence.standing(key)
    except NotFoundError:
        return None


def unless_retired(run: Run) -> Run:
    """Return *run*, or raise `NotFoundError` where it is being removed: a part may be gone."""
    if run.retired_at is not None:
        raise NotFoundError(f"Run {run.id!r} has been deleted.", run_id=run.id)
    return run


def settled_under(token: str, found: Standing | None) -> StageRecord | None:
    """Return the stage if an earlier try of the same holder did settle it (protocol R5)."""
    return found.stage if found is not None and found.stage.settled_by == token else None
