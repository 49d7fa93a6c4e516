"""An executor whose bodies live through spans of time, with a pulse that beats meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from adapters.memory import InlineExecutor
from kernel.ports.clock import Clock
from kernel.ports.executor import AttemptKey, BodyStoppedError, Pulse


class BeatingExecutor(InlineExecutor):
    """Runs a body in place. It beats, and is stopped, where the body says that time passes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.pulses: list[Pulse | None] = []

    def stop(self) -> None:
        """Stop the body that runs, where it next lives through something."""
        self.is_stopping = True

    def live_through(self, span: timedelta) -> None:
        """Let *span* pass in the body that runs, and beat whenever it is time.

        Raises:
            BodyStoppedError: The body is not wanted any more, or is to stop.
        """
        pulse, end = self.pulses[-1], self.clock.now() + span
        while pulse is not None and self.clock.now() + pulse.every <= end:
            self.clock.sleep(pulse.every)
            if self.is_stopping or not self.beat(pulse):
                raise BodyStoppedError("It is stopped.")
        self.clock.sleep(end - self.clock.now())
        if self.is_stopping:
            raise BodyStoppedError("It is stopped.")

    def beat(self, pulse: Pulse) -> bool:
        """Beat once; return whether the body is still wanted."""
        return pulse.beat()

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        self.pulses.append(pulse)
        return super().run(body, of=of, within=within, pulse=pulse)
