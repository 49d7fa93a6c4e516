"""Seeded schedules of the whole engine: none breaks a promise, and a broken engine is found out.

A seed that fails is played again, line by line, by `make simulate SEED=...`.
"""

import re

import pytest

from tests.simulation.__main__ import main
from tests.simulation.campaign import Failed, Summary, all_cores, campaign, replay
from tests.simulation.hunt import found, violations
from tests.simulation.mutations import MUTATIONS

SCHEDULES = 3_000
SOME_SEEDS = range(1, 13)
ALWAYS_TOLD = ["turns", "publishes", "acts", "perils"]
# The step, the time, who, which call of which port with what, and what befell it.
LINE = re.compile(r" *\d+ \d\d:\d\d:\d\d\.\d{3} [a-z0-9 ]+ [a-z]+\.[a-z_]+\(.*( {3}!! [a-z ]+)?")


@pytest.fixture(scope="module")
def summary() -> Summary:
    return campaign(SCHEDULES)


def test_no_schedule_breaks_a_promise(
    summary: Summary, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print(f"\n{summary.line}")
    assert [str(one) for one in summary.failed] == []
    assert summary.schedules == SCHEDULES


def test_a_process_may_die_at_any_single_place_of_plain_schedules(summary: Summary) -> None:
    assert list(summary.wrong) == []
    assert summary.survived == summary.places > 4_000


def test_there_are_seeds_that_find_every_mutation() -> None:
    assert found().keys() == MUTATIONS.keys()


@pytest.mark.parametrize("name", found())
def test_an_engine_without_one_of_its_conditions_is_found_out(name: str) -> None:
    """By one of the seeds that once did: a change of the engine shifts what a seed does."""
    finds = [seed for seed in found()[name] if violations(name, seed)]

    assert finds, f"{name}: search anew with `make mutations`"


def test_a_seed_plays_the_same_schedule_again() -> None:
    first = [told(seed) for seed in SOME_SEEDS]

    again = [told(seed) for seed in SOME_SEEDS]

    assert again == first


def test_a_seed_plays_the_same_schedule_in_another_process() -> None:
    here = [told(seed) for seed in SOME_SEEDS]

    with all_cores() as cores:
        there = [*cores.map(told, SOME_SEEDS)]

    assert there == here


def test_a_schedule_can_be_read() -> None:
    lines = [line for seed in SOME_SEEDS for line in told(seed)]

    assert len(lines) > 1_000
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert {"crash", "crash after"} <= {line.partition("!! ")[2] for line in lines}


def test_one_seed_is_told_with_all_that_was_drawn_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["simulation", "--seed", "1"])

    code = main()

    words = capsys.readouterr().out.splitlines()
    assert code == 0
    trace = told(1)
    drawn = [line.partition(":")[0] for line in words[1 : -1 - len(trace)]]
    # Some settings have more to tell, such as clocks that are off.
    assert [name for name in drawn if name in ALWAYS_TOLD] == ALWAYS_TOLD
    assert words[-1 - len(trace) : -1] == trace
    assert words[-1] == "All is well."


def test_a_campaign_ends_with_one_line() -> None:
    failed = Failed(seed=7, violations=("R1: a is late", "and more"))

    summary = Summary(schedules=10, failed=(failed,), places=4, survived=3)

    assert summary.line == "simulate: 10 schedules, 1 violations, 3 of 4 crash points"
    assert str(failed) == "seed 7: R1: a is late"
    assert not summary.is_well


def told(seed: int) -> list[str]:
    """Return what the schedule of *seed* does, line by line."""
    return [*replay(seed, kept=True).lines]
