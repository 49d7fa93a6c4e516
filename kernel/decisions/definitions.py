"""Whether a definition fits what a run has made: deployments change it under way."""

from kernel.authoring.workflow import Workflow
from kernel.errors import NotFoundError
from kernel.ports.persistence import Snapshot


def misfit(workflow: Workflow, made: Snapshot, *, before: int | None = None) -> str | None:
    """Return which stage of the run *workflow* does not have where it was made; None if it fits.

    Args:
        before: Look at the groups before this one only.
    """
    for stage in made.current:
        counts = before is None or stage.group < before
        if counts and _group_of(workflow, stage.id) != stage.group:
            return f"stage {stage.id!r} of group {stage.group}"
    return None


def _group_of(workflow: Workflow, stage_id: str) -> int | None:
    try:
        return workflow.group_of(stage_id)
    except NotFoundError:
        return None
