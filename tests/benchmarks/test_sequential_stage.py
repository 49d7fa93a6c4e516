"""The budget of a sequential stage: 1 KB in and out, and a body that takes next to no time.

One that lasts is looked at by ticks; test_side_costs.py says what that adds.
"""

import pytest

from tests.benchmarks.playing import played
from tests.benchmarks.prices import usd
from tests.benchmarks.tables import one_in_detail
from tests.benchmarks.usage import Kind, Usage
from tests.benchmarks.workloads import sequential

MOST_CALLS = 4
MOST_WRITE_UNITS = 7
MOST_USD_PER_MILLION = 6


def test_a_sequential_stage_stays_within_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    run = played(sequential(3))

    stage = run["execute rewrite_1 1"]

    with capsys.disabled():
        print(one_in_detail("A sequential stage, 1 KB in and out, the middle one of three", stage))
    assert stage.total(Kind.CALL) <= MOST_CALLS
    assert stage.total(Kind.WRITE) <= MOST_WRITE_UNITS
    assert usd(stage, batch=1) <= MOST_USD_PER_MILLION


def test_ten_more_stages_cost_a_run_no_more_than_ten_times_the_budget() -> None:
    short, long = (Usage.sum(played(sequential(stages)).values()) for stages in (3, 13))

    more = long - short

    assert more.total(Kind.CALL) <= 10 * MOST_CALLS
    assert more.total(Kind.WRITE) <= 10 * MOST_WRITE_UNITS
    assert usd(more, batch=1) <= 10 * MOST_USD_PER_MILLION
