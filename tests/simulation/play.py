"""One schedule from its beginning until all is quiet, and what was wrong with it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias

from kernel.errors import EngineError
from tests.simulation.account import Account
from tests.simulation.acts import ACTS, Act, Work, answer, create, tick
from tests.simulation.answers import ANSWERS
from tests.simulation.chance import Chance
from tests.simulation.clocks import A_MILLISECOND, A_MINUTE, VirtualClock
from tests.simulation.director import Director
from tests.simulation.endings import ENDINGS
from tests.simulation.process import Process
from tests.simulation.recovery import Recovery
from tests.simulation.setting import Cue, Setting
from tests.simulation.stops import STOPS
from tests.simulation.tampering import NOTHING, Tampering
from tests.simulation.trace import Trace
from tests.support.saboteurs import Crash

MOST_STEPS: Final = 8_000
# What is due later than that waits for its retirement only.
FAR: Final = timedelta(days=2)
A_SECOND: Final = timedelta(seconds=1)
# What a worker has left when it takes a bell; the platform ends it some time after that.
LIVES: Final = (None, None, None, *(timedelta(seconds=span) for span in (20, 90, 290, 900)))
LEEWAY: Final = timedelta(seconds=15)

CREATE: Final = Act(name="create", work=create, insists=True)
BY_NAME: Final = {act.name: act for act in (*ACTS, *ANSWERS, *STOPS)}

Start: TypeAlias = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of a schedule."""

    violations: tuple[str, ...]
    calls: int
    struck: bool
    lines: tuple[str, ...]


class Play:
    """A schedule under way. Its *trace* is empty unless it is to be kept."""

    def __init__(
        self, setting: Setting, *, seed: int, tampering: Tampering = NOTHING, trace: Trace
    ) -> None:
        self._setting = setting
        self._trace = trace
        self._clock = VirtualClock()
        self._chance = Chance(f"schedule {seed}")
        self._clocks = Chance(f"clocks of schedule {seed}")
        self._director = Director(
            setting.fate, clock=self._clock, chance=self._chance, trace=trace
        )
        self._account = Account(
            setting=setting, director=self._director, tampering=tampering, seed=seed
        )
        self._docket = self._account.docket
        self._recovery = Recovery(self._docket, self._director)
        self._cues = sorted(setting.cues, key=lambda cue: cue.step)
        self._insisting: dict[Process, Act] = {}
        self._working: set[Process] = set()
        self._begun = 0
        self._tick_at: datetime | None = None
        self._last_tick = self._seen = self._clock.moment

    def perform(self) -> Report:
        """Play it to its end, or to the first violation."""
        with self._account.tampering.in_force():
            self._act(CREATE)
            while not self._docket.violations and self._go_on():
                if self._director.steps > MOST_STEPS:
                    self._docket.violations.append("it does not come to rest")
        if not self._docket.violations:
            for ending in ENDINGS:
                self._docket.violations += ending(self._docket, self._setting)
        for process in self._director.processes:
            process.end()
        return Report(
            violations=tuple(self._docket.violations),
            calls=self._director.calls,
            struck=self._director.struck,
            lines=tuple(self._trace.lines),
        )

    def _go_on(self) -> bool:
        """Let one process run until the scheduler takes over; return whether there is more."""
        awake, starts = self._director.awake, [*self._starts()]
        if not awake and not starts:
            return self._pass_time()
        chosen = self._chance.below(len(awake) + len(starts))
        if chosen < len(awake):
            self._resume(awake[chosen])
        else:
            starts[chosen - len(awake)]()
        return True

    def _starts(self) -> Iterator[Start]:
        """Yield what might begin just now."""
        for cue in self._cues:
            if cue.step <= self._director.steps and BY_NAME[cue.act].when(self._docket):
                yield partial(self._begin_cue, cue)
                break
        if self._clock.moment > self._seen + A_MINUTE:
            self._tick_at = self._clock.moment
        self._seen = self._clock.moment
        if self._has_come(self._tick_at):
            yield self._begin_tick
        busy = sum(process.is_awake(self._clock.moment) for process in self._working)
        if busy < self._setting.workers and self._has_come(self._account.transport.rings_at):
            yield self._begin_worker
        if self._has_come(self._account.scheduler.next_at):
            yield self._ring

    def _begin(self, name: str, work: Work, **more: datetime | None) -> Process:
        self._begun += 1
        self._director.count()
        named = f"{name} {self._begun}"
        calm = self._director.calm_since is not None
        off = timedelta() if calm else self._off()
        work_here = partial(work, self._account)
        process = Process(named, work_here, is_safe=calm, off=off, **more)
        self._director.processes.append(process)
        return process

    def _off(self) -> timedelta:
        """Return how far the next process's clock is off, in whole milliseconds."""
        share = 2 * self._clocks.draw() - 1
        return self._setting.skew * share // A_MILLISECOND * A_MILLISECOND

    def _begin_cue(self, cue: Cue) -> None:
        self._cues.remove(cue)
        self._act(BY_NAME[cue.act])

    def _act(self, act: Act, *, wakes_at: datetime | None = None) -> None:
        process = self._begin(act.name, act.work, wakes_at=wakes_at)
        if act.insists:
            self._insisting[process] = act

    def _begin_tick(self) -> None:
        self._last_tick, self._tick_at = self._clock.moment, None
        self._begin("tick", tick)

    def _begin_worker(self) -> None:
        calm = self._director.calm_since is not None
        life = None if calm or not self._setting.fate.rates else self._chance.one_of(LIVES)
        dies_at = None if life is None else self._clock.moment + life + LEEWAY
        work = partial(answer, time_left=life)
        self._working.add(self._begin("worker", work, dies_at=dies_at))

    def _ring(self) -> None:
        bells = self._account.scheduler.pop_due(self._clock.moment)
        self._account.transport.send(bells)

    def _resume(self, process: Process) -> None:
        process.go_on()
        if not process.is_over:
            return
        self._director.processes.remove(process)
        self._working.discard(process)
        act = self._insisting.pop(process, None)
        if process.failure is None:
            return
        if act is not None:
            self._act(act, wakes_at=self._clock.moment + A_SECOND)
        if not isinstance(process.failure, Crash | EngineError):
            self._docket.violations.append(f"{process.name} died of {process.failure!r}")

    def _pass_time(self) -> bool:
        """Let it be when something happens next; return whether anything does."""
        self._tick_at = self._next_tick()
        if self._director.call_all() or self._has_come(self._tick_at):
            return True
        moments = [
            *(process.wakes_at for process in self._director.processes),
            self._account.transport.rings_at,
            self._account.scheduler.next_at,
            self._tick_at,
        ]
        now = self._clock.moment
        first = min((moment for moment in moments if moment and moment > now), default=None)
        if first is not None:
            self._recovery.look_before(first)
            self._clock.jump_to(first)
            self._seen = first
        elif self._cues:
            self._begin_cue(self._cues[0])
            return True
        return first is not None or bool(self._director.processes)

    def _next_tick(self) -> datetime | None:
        due = self._account.first_due
        if due is None or due > self._clock.moment + FAR:
            return None
        return self._clock.next_minute(max(due, self._last_tick + A_MINUTE))

    def _has_come(self, moment: datetime | None) -> bool:
        return moment is not None and moment <= self._clock.moment
