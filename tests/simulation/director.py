"""The seeded scheduler: before each port call it says who goes on, and what befalls the call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kernel.ports.persistence import Due
from tests.simulation.calls import Call
from tests.simulation.chance import Chance
from tests.simulation.clocks import A_MILLISECOND, VirtualClock
from tests.simulation.perils import PERILS, Peril
from tests.simulation.process import Process
from tests.simulation.trace import Trace
from tests.support.saboteurs import Crash


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What may happen.

    Args:
        rates: How probable each peril is; none for those that are left out.
        switching: How probable it is that another process goes on.
        until: After so many port calls nothing goes wrong any more.
        strike: The one port call that a peril befalls, counted from 1, and which peril; what
            cannot befall that call does not.
    """

    rates: Mapping[str, float]
    switching: float = 0.0
    until: int
    strike: tuple[int, Peril] | None = None


class Director:
    """Runs processes, one at a time.

    Attributes:
        indexes: What the index `due` said at earlier moments.
        poisoned: The events that nobody outside likes, by id, and until when.
        steps: Port calls that were made, and processes that were begun.
        struck: The one peril that was to befall one call did.
    """

    def __init__(self, fate: Fate, *, clock: VirtualClock, chance: Chance, trace: Trace) -> None:
        self.clock = clock
        self.chance = chance
        self.trace = trace
        self.processes: list[Process] = []
        self.indexes: list[Sequence[Due]] = [[]]
        self.poisoned: dict[str, datetime] = {}
        self.steps = 0
        self.calls = 0
        self.struck = False
        self.calm_since: datetime | None = None
        self._fate = fate
        self._dangers: dict[str, list[tuple[float, Peril]]] = {}

    @property
    def awake(self) -> list[Process]:
        """Those that could go on."""
        now, steps = self.clock.moment, self.steps
        awake = [process for process in self.processes if process.is_awake(now)]
        return [process for process in awake if process.goes_on_at <= steps]

    def call_all(self) -> bool:
        """Let those go on who linger; return whether there are any."""
        lingering = [process for process in self.processes if process.goes_on_at > self.steps]
        for process in lingering:
            process.goes_on_at = self.steps
        return bool(lingering)

    def passing(self, call: Call) -> Any:
        """Make one port call, when its process's turn comes, and as fate will have it."""
        if call.process.is_dead:
            raise Crash
        try:
            return self._passing(call)
        except Crash:
            call.process.is_dead = True
            raise

    def _passing(self, call: Call) -> Any:
        draw = self.chance.draw
        while draw() < self._fate.switching:
            call.process.park()
        self.count()
        self.calls += 1
        self.clock.moment += A_MILLISECOND
        self._end_life(call)
        peril = self._peril(call.name)
        self.trace.note(self.steps, self.clock.moment, call, peril.name if peril else "")
        return peril.deed(call, self) if peril else call.make()

    def count(self) -> None:
        """Count one step; after the last bad one, all goes well."""
        self.steps += 1
        if self.calm_since is None and (self.struck or self.steps > self._fate.until):
            self.calm_since = self.clock.moment

    def _end_life(self, call: Call) -> None:
        dies_at = call.process.dies_at
        if dies_at is not None and self.clock.moment >= dies_at:
            self.trace.note(self.steps, self.clock.moment, call, "out of time")
            raise Crash

    def _peril(self, name: str) -> Peril | None:
        if self.calm_since is not None:
            return None
        if self._fate.strike is not None:
            place, peril = self._fate.strike
            self.struck |= self.calls == place and name.startswith(peril.befalls)
            return peril if self.calls == place and name.startswith(peril.befalls) else None
        return self._drawn(name)

    def _drawn(self, name: str) -> Peril | None:
        if name not in self._dangers:
            self._dangers[name] = list(self._befalling(name))
        dangers = self._dangers[name]
        if not dangers:
            return None
        draw = self.chance.draw()
        return next((peril for until, peril in dangers if draw < until), None)

    def _befalling(self, name: str) -> Iterator[tuple[float, Peril]]:
        until = 0.0
        for peril in PERILS:
            if peril.name in self._fate.rates and name.startswith(peril.befalls):
                until += self._fate.rates[peril.name]
                yield until, peril
