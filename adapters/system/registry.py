"""Definitions in a dictionary, on Lambda too: they are deployed with the process."""

from collections.abc import Iterable, Sequence

from kernel.authoring.workflow import Workflow
from kernel.errors import DefinitionError, NotFoundError


class ProcessRegistry:
    """What this process was deployed with."""

    def __init__(self, workflows: Iterable[Workflow] = ()) -> None:
        self._workflows: dict[str, Workflow] = {}
        for workflow in workflows:
            self.add(workflow)

    def add(self, workflow: Workflow) -> None:
        """Make *workflow* known. Adding the very same one again changes nothing.

        Raises:
            DefinitionError: Another one has its id.
        """
        known = self._workflows.setdefault(workflow.id, workflow)
        if known is not workflow:
            raise DefinitionError(
                f"There are two workflows with the id {workflow.id!r}; rename one.",
                workflow_id=workflow.id,
            )

    def workflow(self, workflow_id: str) -> Workflow:
        if workflow_id not in self._workflows:
            known = ", ".join(sorted(self._workflows)) or "none"
            raise NotFoundError(
                f"No workflow has the id {workflow_id!r}; known are: {known}.",
                workflow_id=workflow_id,
            )
        return self._workflows[workflow_id]

    def workflows(self) -> Sequence[Workflow]:
        return tuple(workflow for _, workflow in sorted(self._workflows.items()))
