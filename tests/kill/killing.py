"""Processes that come and go: some live at any time, and now and then one of them is killed."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters.system.clock import SystemClock
from tests.e2e.patience import A_MOMENT
from tests.kill.account import ROOT

CREW: Final = (*["worker"] * 3, *["host"] * 2, "tick", "tick", "client")
WORKERS: Final = {"worker", "host"}

# How long nobody is killed, in seconds, at least and at most.
_CALM: Final = (0.1, 1.5)
# Every so often it is a worker that only stands still, about as long as its lease lasts.
_FREEZES: Final = 0.2
_FROZEN: Final = (5.0, 9.0)
_MOST_FROZEN: Final = 3


@dataclass(kw_only=True)
class Crew:
    """The processes that live just now, by their ids.

    Args:
        frozen: Who stands still, with the role, and the moment when that ends.
        thawed: How many went on after that.
        killed: How many of each role were killed.
        surprises: The roles of those that had ended before they were killed.
    """

    nursery: "subprocess.Popen[str]"
    alive: dict[int, str] = field(default_factory=dict)
    frozen: dict[int, tuple[str, datetime]] = field(default_factory=dict)
    thawed: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)

    def begin(self, role: str) -> None:
        self.alive[self._asked(f"birth {role}")] = role

    def kill_one(self, chance: random.Random) -> None:
        """Kill one of them, in whatever it is doing, and let another one take its place.

        Nobody follows where there are more than at first, since some were frozen.
        """
        process = chance.choice(sorted(self.alive))
        role = self.alive.pop(process)
        if not self._asked(f"kill {process}"):
            self.surprises.append(role)
        self.killed[role] += 1
        if Counter(self.alive.values())[role] < CREW.count(role):
            self.begin(role)

    def freeze_one(self, chance: random.Random, *, until: datetime) -> None:
        """Let a worker stand still in whatever it is doing, and another one take its place."""
        workers = [process for process, role in self.alive.items() if role in WORKERS]
        process = chance.choice(sorted(workers))
        role = self.alive.pop(process)
        self.frozen[self._asked(f"freeze {process}")] = role, until
        self.begin(role)

    def thaw(self, *, by: datetime) -> None:
        """Let those go on whose moment has come; they are as alive as the others then."""
        for process in [each for each, (_, until) in self.frozen.items() if until <= by]:
            role, _ = self.frozen.pop(process)
            self.alive[self._asked(f"thaw {process}")] = role
            self.thawed += 1

    def _asked(self, order: str) -> int:
        assert self.nursery.stdin
        assert self.nursery.stdout
        self.nursery.stdin.write(f"{order}\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())


@contextmanager
def at_work(environment: Mapping[str, str]) -> Iterator[Crew]:
    """Start all processes; kill whoever is left at the end."""
    inherited = {name: value for name, value in os.environ.items() if not _steers(name)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kill.nursery"],
        cwd=ROOT,
        env={**inherited, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as nursery:
        crew = Crew(nursery=nursery)
        for role in CREW:
            crew.begin(role)
        # Leaving closes the nursery's standard input, and with that all end.
        yield crew


def kill_now_and_then(crew: Crew, *, kills: int, seed: int) -> None:
    """Kill so many, and see to it that in the end nobody stands still."""
    chance, clock = random.Random(seed), SystemClock()  # noqa: S311 - it must be repeatable
    while crew.killed.total() < kills:
        clock.sleep(timedelta(seconds=chance.uniform(*_CALM)))
        crew.thaw(by=clock.now())
        if chance.random() < _FREEZES and len(crew.frozen) < _MOST_FROZEN:
            frozen = timedelta(seconds=chance.uniform(*_FROZEN))
            crew.freeze_one(chance, until=clock.now() + frozen)
        else:
            crew.kill_one(chance)
    while crew.frozen:
        clock.sleep(A_MOMENT)
        crew.thaw(by=clock.now())


def _steers(name: str) -> bool:
    return name.startswith(("AWS_", "HEADRACE_", "POWERTOOLS_"))
