"""Which workflows exist."""

from collections.abc import Sequence
from typing import Protocol

from kernel.authoring.workflow import Workflow


class Registry(Protocol):
    """The definitions that this process was deployed with."""

    def workflow(self, workflow_id: str) -> Workflow:
        """Return the definition.

        Raises:
            NotFoundError: This process does not know it; another one may.
        """
        ...

    def workflows(self) -> Sequence[Workflow]:
        """Return every definition, by id."""
        ...
