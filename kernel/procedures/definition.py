"""The definition that a run goes by in this process, if there is one that fits."""

from kernel.authoring.workflow import Workflow
from kernel.decisions.definitions import fitting
from kernel.dispatch import Kernel


def definition(kernel: Kernel, workflow_id: str, run_id: str, *, known_as: str | None) -> Workflow:
    """Return the workflow; what is asked, and what is raised, is that of `fitting`."""
    return fitting(kernel.ports, workflow_id, run_id, known_as=known_as)
