"""What all runs spent under a topic, month by month."""

import pytest

from kernel.errors import InvalidInputError
from kernel.model.call import Spending, Tally
from kernel.model.change import AddSpending
from kernel.queries.show_costs import show_costs
from tests.support.builders import A_MINUTE
from tests.support.world import World


def spend(world: World, topic: str, month: str, cost: int, run_id: str = "run-1") -> None:
    spending = Spending(
        topic=topic,
        month=month,
        run_id=run_id,
        workflow_id="w",
        tally=Tally(calls=1, cost=cost),
        expires_at=world.now + A_MINUTE,
    )
    world.persistence.commit([AddSpending(spending=spending)])


def test_only_the_months_asked_for_count(world: World) -> None:
    for month, cost in (("2026-01", 1), ("2025-12", 20), ("2025-11", 300)):
        spend(world, "w.a", month, cost)

    costs = show_costs(world.ports, "w", months=2)

    assert (costs.total.cost, costs.total.calls) == (21, 2)
    assert {month: tally.cost for month, tally in costs.months.items()} == {
        "2026-01": 1,
        "2025-12": 20,
    }


def test_topics_below_count_and_neighbours_do_not(world: World) -> None:
    for topic, cost in (("w.a", 1), ("w.a.b", 20), ("w.ab", 300)):
        spend(world, topic, "2026-01", cost)

    costs = show_costs(world.ports, "w.a")

    assert {topic: tally.cost for topic, tally in costs.topics.items()} == {"w.a": 1, "w.a.b": 20}


def test_a_run_counts_once_whatever_its_topics_and_months(world: World) -> None:
    spend(world, "w.a", "2026-01", 1)
    spend(world, "w.b", "2025-12", 20)
    spend(world, "w.b", "2026-01", 300, run_id="run-2")

    costs = show_costs(world.ports, "w", months=13)

    assert {run: tally.cost for run, tally in costs.runs.items()} == {"run-1": 21, "run-2": 300}


@pytest.mark.parametrize(("topic", "months"), [("w", 0), ("w", 14), ("", 1), ("w a", 1)])
def test_what_makes_no_sense_is_refused(world: World, topic: str, months: int) -> None:
    with pytest.raises(InvalidInputError):
        show_costs(world.ports, topic, months=months)
