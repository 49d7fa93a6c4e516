"""Bodies that take their time while others go on, keep their leases meanwhile, and are stopped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from kernel.ports.clock import Clock
from kernel.ports.executor import AttemptKey, BodyStoppedError, BodyTimeoutError, Pulse
from tests.simulation.clocks import NO_TIME
from tests.simulation.director import Director
from tests.simulation.docket import Docket
from tests.simulation.process import Process
from tests.simulation.setting import Setting
from tests.support.pulses import BeatingExecutor


class LivingExecutor(BeatingExecutor):
    """Lets half of a body's time pass before it does anything, and half of it afterwards."""

    def __init__(
        self,
        clock: Clock,
        process: Process,
        *,
        setting: Setting,
        docket: Docket,
        director: Director,
    ) -> None:
        super().__init__(clock)
        self._process = process
        self._setting = setting
        self._docket = docket
        self._director = director
        self._stage_id = ""

    def beat(self, pulse: Pulse) -> bool:
        """Beat once; a store that answers must be believed."""
        was_held, was_calm = self._is_held, self._director.calm_since is not None
        wanted = super().beat(pulse)
        if wanted and was_calm and not was_held:
            self._docket.violations.append(f"a beat says that {self._stage_id} is wanted")
        return wanted

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        lasts = self._setting.lasts.get(of.stage_id, NO_TIME)
        if lasts == NO_TIME:
            return super().run(body, of=of, within=within, pulse=pulse)
        self._stage_id = of.stage_id
        self.pulses.append(pulse)
        self._begin(min(lasts, within) / 2)
        result = super().run(body, of=of, within=within, pulse=pulse)
        if self.is_stopping:
            return result
        self.live_through(min(lasts, within) / 2)
        if lasts > within:
            raise BodyTimeoutError("The body took too long.")
        return result

    def _begin(self, span: timedelta) -> None:
        """Let time pass. No stop interrupts a body, which may ask; a check is interrupted."""
        try:
            self.live_through(span)
        except BodyStoppedError:
            if self.pulses[-1] is None or not self.is_stopping:
                raise

    @property
    def _is_held(self) -> bool:
        stages = self._docket.stages.values()
        leases = (stage.lease for stage in stages if stage.id == self._stage_id)
        return any(lease.token in self._process.tokens for lease in leases if lease)
