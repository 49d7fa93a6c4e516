"""Keeping the lease of one attempt while its body runs, and noticing that it is lost."""

from datetime import timedelta
from typing import Final

from kernel.commands.renew_lease import RenewLease
from kernel.dispatch import Kernel
from kernel.effects import report
from kernel.model.stage import StageRecord
from kernel.ports.executor import Pulse

# Two beats may go unanswered, and the lease is still held at the third.
BEATS_A_LEASE: Final = 3


class Renewal:
    """The lease of one attempt, in the hands of the process that carries it out.

    Args:
        lasts: How long the lease was taken for; it is renewed for as long.
    """

    def __init__(
        self, kernel: Kernel, stage: StageRecord, *, token: str, lasts: timedelta
    ) -> None:
        self._kernel = kernel
        self._stage = stage
        self._token = token
        self._lasts = lasts
        self._lost = False

    @property
    def lost(self) -> bool:
        """Whether a beat found the lease in other hands, or gone."""
        return self._lost

    @property
    def pulse(self) -> Pulse:
        return Pulse(every=self._lasts / BEATS_A_LEASE, beat=self.beat)

    def beat(self) -> bool:
        """Renew the lease; return whether the attempt is still wanted.

        A store that does not answer has not said no: the settle will tell.
        """
        command = RenewLease(seen=self._stage, token=self._token, lasts=self._lasts)
        try:
            self._lost = self._lost or not self._kernel.dispatch(command).held
        except Exception as error:  # noqa: BLE001 - a beat that raises would end its body
            whose = f"stage {self._stage.id!r} of run {self._stage.run_id!r}"
            message = f"The lease of {whose} cannot be renewed just now."
            report(self._kernel.ports, message, error)
        return not self._lost
