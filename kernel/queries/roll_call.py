"""Whether anybody serves the queue that a stage names."""

from collections.abc import Sequence

from kernel.authoring.workflow import Workflow
from kernel.effects import report
from kernel.errors import NotFoundError
from kernel.model.presence import Presence
from kernel.ports.bundle import Ports


class RollCall:
    """Asks of each queue once who is there."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._there: dict[str, Sequence[Presence]] = {}

    def lacking(self, workflow: Workflow, stage_id: str) -> str | None:
        """Return in a sentence why nobody may come for the stage.

        None where somebody does, where the stage names no queue, or where that cannot be found
        out: it is good to know, and no more.
        """
        try:
            queue = workflow.stage(stage_id).queue
            return None if queue is None else self._lacking(workflow, queue)
        except NotFoundError:
            return None
        except Exception as error:  # noqa: BLE001 - whoever asks has something else to do
            report(self._ports, "Who serves a queue cannot be found out just now.", error)
            return None

    def _lacking(self, workflow: Workflow, queue: str) -> str | None:
        if queue not in self._there:
            now = self._ports.clock.now()
            said = self._ports.persistence.presences(queue)
            self._there[queue] = [each for each in said if each.is_there(now)]
        known = [each.fingerprints.get(workflow.id) for each in self._there[queue]]
        if not known:
            return f"Nobody serves the queue {queue!r}."
        if workflow.fingerprint in known:
            return None
        return (
            f"Those who serve the queue {queue!r} have another version of the workflow"
            f" {workflow.id!r}, or none."
        )
