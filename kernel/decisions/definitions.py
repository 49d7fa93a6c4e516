"""Whether a definition fits what a run has made: deployments change it under way."""

from kernel.authoring.workflow import Workflow
from kernel.errors import DefinitionChangedError, NotFoundError
from kernel.ports.bundle import Ports
from kernel.ports.persistence import Snapshot


def fitting(ports: Ports, workflow_id: str, run_id: str, *, known_as: str | None) -> Workflow:
    """Return the workflow, if this process's definition of it fits what the run has made.

    Args:
        known_as: The fingerprint of a definition that fits. Where it is this process's own,
            nothing is read.

    Raises:
        DefinitionChangedError: It does not know the workflow, or knows it otherwise. Another
            process may know better: leave the run alone.
        NotFoundError: There is no such run.
    """
    try:
        workflow = ports.registry.workflow(workflow_id)
    except NotFoundError as error:
        raise DefinitionChangedError(error.message, run_id=run_id) from error
    if workflow.fingerprint == known_as:
        return workflow
    missing = misfit(workflow, ports.persistence.snapshot(run_id))
    if missing is not None:
        message = (
            f"Run {run_id!r} has made {missing}, and workflow {workflow_id!r} has it elsewhere or"
            " not at all by now. Rerun the run from a stage before what was changed."
        )
        raise DefinitionChangedError(message, run_id=run_id, workflow_id=workflow_id)
    return workflow


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
