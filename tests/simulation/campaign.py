"""Many schedules, on every core; and one again, to be read."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from tests.simulation.crash_points import crash_points, settings
from tests.simulation.drawing import drawn, rough
from tests.simulation.play import Play, Report
from tests.simulation.tampering import NOTHING, Tampering
from tests.simulation.trace import Trace

AT_ONCE: Final = 50
A_MILLION: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A seed whose schedule broke a promise, and which."""

    seed: int
    violations: tuple[str, ...]

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.violations[0]}"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What came of a campaign. *survived* of *places* are crash points without violation."""

    schedules: int
    failed: tuple[Failed, ...]
    places: int = 0
    survived: int = 0
    seconds: float = 0.0
    wrong: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        return not self.failed and self.survived == self.places

    @property
    def line(self) -> str:
        return (
            f"simulate: {self.schedules} schedules, {len(self.failed)} violations,"
            f" {self.survived} of {self.places} crash points"
        )


def all_cores() -> ProcessPoolExecutor:
    """Return a process for each core. They begin afresh: whoever asks may have threads."""
    return ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn"))


def replay(seed: int, *, tampering: Tampering = NOTHING, kept: bool = False) -> Report:
    """Play the schedule of *seed*, exactly as ever; *kept*: with all that it did, line by line."""
    setting = rough(drawn(seed)) if tampering.rough else drawn(seed)
    return Play(setting, seed=seed, tampering=tampering, trace=Trace(kept=kept)).perform()


def failures(seeds: Sequence[int]) -> list[Failed]:
    """Return those of *seeds* whose schedules break a promise."""
    reports = ((seed, replay(seed)) for seed in seeds)
    return [
        Failed(seed=seed, violations=report.violations)
        for seed, report in reports
        if report.violations
    ]


def campaign(schedules: int, *, first: int = 1) -> Summary:
    """Play the schedules of so many seeds, and die at every place of some plain ones."""
    with all_cores() as cores:
        begun = perf_counter()
        failed = [one for part in cores.map(failures, _shares(first, schedules)) for one in part]
        seconds = perf_counter() - begun
        points = [*cores.map(_points_of, range(len(list(settings()))))]
    return Summary(
        schedules=schedules,
        failed=tuple(failed),
        places=sum(places for places, _ in points),
        survived=sum(places - len(wrong) for places, wrong in points),
        seconds=seconds,
        wrong=tuple(problem for _, wrong in points for problem in wrong),
    )


def _shares(first: int, schedules: int) -> Iterator[range]:
    end = first + schedules
    return (range(seed, min(seed + AT_ONCE, end)) for seed in range(first, end, AT_ONCE))


def _points_of(nth: int) -> tuple[int, list[str]]:
    name, setting = list(settings())[nth]
    places, wrong = crash_points(setting)
    return places, [f"{name}: {problem}" for problem in wrong]
