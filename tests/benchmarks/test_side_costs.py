"""What else there is to pay for: facts, without a budget but for the idle tick's."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from adapters.dynamodb.keys import Shards
from tests.benchmarks.playing import Metered, played
from tests.benchmarks.tables import side_by_side
from tests.benchmarks.usage import Kind, Usage
from tests.benchmarks.workloads import POLLS, parallel, sequential, waiting

LENGTHS = (10, 30, 120)
MANY = 20


def test_an_idle_tick_asks_each_shard_twice_however_much_is_stored() -> None:
    metered = Metered(workflows=[sequential(3)])
    metered.play("sequential_3")

    tick = metered.tick()

    # Once for what moves, and once for what is to be removed.
    assert tick.of(Kind.CALL) == {"dynamodb.Query": 2 * Shards().due}
    assert tick.total(Kind.READ) == Shards().due


def test_what_else_is_paid_for(capsys: pytest.CaptureFixture[str]) -> None:
    facts = {**around_a_run(), **long_stages(), **polls(), **siblings()}

    table = side_by_side("Beside a sequential stage", facts)

    with capsys.disabled():
        print(table)
    assert all(usage.total(Kind.CALL) for usage in facts.values())


def around_a_run() -> Mapping[str, Usage]:
    run = played(sequential(3))
    stage = run["execute rewrite_1 1"]
    return {
        "creating a run": run["create"],
        "starting it": run["start"],
        "ending it, beside its last stage": run["execute rewrite_2 1"] - stage,
        "a run of three stages, in all": Usage.sum(run.values()),
        "a tick without anything due": idle_tick(),
    }


def long_stages() -> Mapping[str, Usage]:
    return {
        f"a stage of {seconds} seconds, on average": one_of_many(timedelta(seconds=seconds))
        for seconds in LENGTHS
    }


def one_of_many(span: timedelta) -> Usage:
    """Return what one more stage takes whose body lasts so long, ticks in between included."""
    return (run_of(MANY + 3, span) - run_of(3, span)) / MANY


def run_of(stages: int, span: timedelta) -> Usage:
    """Return what so many stages take; of ticks, only what they do beyond finding nothing due."""
    metered = Metered(workflows=[sequential(stages, lambda: metered.wait(span))])
    run = metered.play(f"sequential_{stages}")
    return Usage.sum(run.values()) - idle_tick() * metered.ticks


def idle_tick() -> Usage:
    return Metered(workflows=[]).tick()


def polls() -> Mapping[str, Usage]:
    run = played(waiting())
    vain = [run[f"poll wait {nth}"] for nth in range(1, POLLS)]
    return {
        "suspending a stage": run["execute wait 1"],
        "a poll that finds nothing yet, on average": Usage.sum(vain) / len(vain),
    }


def siblings() -> Mapping[str, Usage]:
    run = played(parallel(8))
    return {
        "the stage before eight siblings": run["execute rewrite_0 1"],
        "the first of eight siblings": run["execute rewrite_1 1"],
        "the last of eight siblings": run["execute rewrite_8 1"],
        "the stage after them, which ends the run": run["execute join 1"],
        "a run of 1+8+1 stages, in all": Usage.sum(run.values()),
    }
