"""A worker that stays says which named queues it serves, so that others can tell who does not."""

from collections.abc import Callable, Sequence

from functions.listening import DEFAULT_QUEUE
from kernel.authoring.workflow import Workflow
from kernel.model.presence import Presence
from kernel.ports.bundle import Ports


class Attendance:
    """What one worker says of itself; the ordinary queue is served by Lambda, and left out.

    Nothing of it matters to the work: what cannot be said is told to *report*, and no more.
    """

    def __init__(
        self,
        ports: Ports,
        queues: Sequence[str],
        *,
        worker_id: str,
        report: Callable[[str, Exception], object],
    ) -> None:
        self._ports = ports
        self._queues = tuple(name for name in queues if name != DEFAULT_QUEUE)
        self._worker_id = worker_id
        self._report = report
        self._said: dict[str, Presence] = {}

    def say(self) -> None:
        """Say that the worker serves its queues."""
        for queue in self._queues:
            try:
                said = self._said.get(queue) or self._beginning(queue)
                self._said[queue] = said.renewed(at=self._ports.clock.now())
                self._ports.persistence.note_presence(self._said[queue])
            except Exception as error:  # noqa: BLE001 - it works all the same, and says so later
                self._report(queue, error)

    def leave(self) -> None:
        """Say that it serves none any more."""
        for queue, said in [*self._said.items()]:
            try:
                ended = said.ended(at=self._ports.clock.now())
                self._ports.persistence.note_presence(ended)
            except Exception as error:  # noqa: BLE001 - it is known in some minutes all the same
                self._report(queue, error)

    def _beginning(self, queue: str) -> Presence:
        now = self._ports.clock.now()
        return Presence(
            queue=queue,
            worker_id=self._worker_id,
            since=now,
            seen_at=now,
            expires_at=now,
            fingerprints={
                workflow.id: workflow.fingerprint
                for workflow in self._ports.registry.workflows()
                if _rings_in(queue, workflow)
            },
        )


def _rings_in(queue: str, workflow: Workflow) -> bool:
    return any(stage.queue == queue for group in workflow.groups for stage in group)
