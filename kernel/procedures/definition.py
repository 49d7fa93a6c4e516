"""The definition that a run goes by in this process, if there is one that fits."""

from kernel.authoring.workflow import Workflow
from kernel.decisions.definitions import misfit
from kernel.dispatch import Kernel
from kernel.errors import DefinitionChangedError, NotFoundError


def definition(kernel: Kernel, workflow_id: str, run_id: str, *, known_as: str | None) -> Workflow:
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
        workflow = kernel.ports.registry.workflow(workflow_id)
    except NotFoundError as error:
        raise DefinitionChangedError(error.message, run_id=run_id) from error
    if workflow.fingerprint == known_as:
        return workflow
    missing = misfit(workflow, kernel.ports.persistence.snapshot(run_id))
    if missing is not None:
        message = (
            f"Run {run_id!r} has made {missing}, and workflow {workflow_id!r} has it elsewhere or"
            " not at all by now. Rerun the run from a stage before what was changed."
        )
        raise DefinitionChangedError(message, run_id=run_id, workflow_id=workflow_id)
    return workflow
