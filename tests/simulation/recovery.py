"""Recovery needs nobody: once nothing goes wrong, two ticks after a lease's end it is over."""

from datetime import datetime, timedelta
from typing import Final

from kernel.model.stage import StageRecord
from tests.simulation.director import Director
from tests.simulation.docket import Docket

# Two ticks, and the time that the calls of a tick take.
SOON: Final = timedelta(minutes=2, seconds=5)


class Recovery:
    """Watches leases that have run out.

    A look that failed puts a record off. So what was put off while things went wrong may take
    until then, and only what was put off then. Things go wrong until the last process is over
    that began while they did.
    """

    def __init__(self, docket: Docket, director: Director) -> None:
        self._docket = docket
        self._director = director
        self._calm_since: datetime | None = None
        self._put_off: dict[str, datetime] = {}

    def look_before(self, moment: datetime) -> None:
        """Look at everything before it is *moment*; nothing happens until then."""
        if self._calm_since is None:
            self._settle_down()
            return
        if not self._docket.is_defined:
            # Whoever has no definition that fits leaves the run alone.
            return
        for stage in self._docket.stages.values():
            ended = _lease_ended(stage)
            if ended is None:
                continue
            since = max(ended, self._calm_since, self._put_off.get(stage.id, ended))
            if moment > since + SOON:
                self._docket.violations.append(
                    f"{stage.id} lost its worker at {ended:%H:%M:%S} and is {stage.status} still"
                )

    def _settle_down(self) -> None:
        if not all(process.is_safe for process in self._director.processes):
            return
        if self._director.calm_since is not None:
            self._calm_since = self._director.clock.moment
            stages = self._docket.stages.values()
            self._put_off = {stage.id: stage.due_at for stage in stages if stage.due_at}


def _lease_ended(stage: StageRecord) -> datetime | None:
    lease = stage.lease or (stage.suspension.lease if stage.suspension else None)
    return lease.expires_at if lease else None
