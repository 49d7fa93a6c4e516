"""A call that was begun ends once, whoever holds the stage by then."""

import pytest

from adapters.dynamodb.keys import bill_key
from adapters.dynamodb.memory_items import MemoryItems
from adapters.dynamodb.operations import Delete
from adapters.dynamodb.persistence import DynamoPersistence
from kernel.model.call import CallState, Spending, Tally
from kernel.model.status import Status
from kernel.ports.persistence import Standing
from tests.support.bills import (
    begin_call,
    bill_of,
    call_of,
    calls_of,
    ended,
    limit,
    settle_call,
)
from tests.support.moves import A_LEASE, A_MINUTE, begin, claimed
from tests.support.steering import SteeredPersistence
from tests.support.world import World, memory_ports

EVERYWHERE = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)


@pytest.fixture
def held(world: World) -> Standing:
    return claimed(world, begin(world, "three"), "first")


def spending(world: World, held: Standing) -> list[Spending]:
    month = f"{world.now:%Y-%m}"
    return list(world.persistence.spending(f"workflow.{held.stage.workflow_id}", month))


@EVERYWHERE
def test_what_it_cost_takes_the_place_of_what_was_held_back(world: World, held: Standing) -> None:
    call = ended(begin_call(world, held, call_of(world, held)))

    settled = settle_call(world, call)

    tally = Tally(calls=1, requests=1, input_tokens=10, cost=300)
    assert settled
    assert calls_of(world, call.run_id) == [call]
    assert bill_of(world, call.run_id).stages == {"first": tally}
    assert bill_of(world, call.run_id).committed == 300
    assert [each.tally for each in spending(world, held)] == [tally]


@EVERYWHERE
def test_twice_is_as_good_as_once(world: World, held: Standing) -> None:
    call = ended(begin_call(world, held, call_of(world, held)))
    settle_call(world, call)

    again = settle_call(world, ended(call, cost=7_000))

    assert not again
    assert calls_of(world, call.run_id) == [call]
    assert bill_of(world, call.run_id).committed == 300
    assert [each.tally.cost for each in spending(world, held)] == [300]


def test_what_was_never_begun_does_not_end(world: World, held: Standing) -> None:
    settled = settle_call(world, ended(call_of(world, held)))

    assert not settled
    assert world.persistence.bill(held.stage.run_id) is None
    assert spending(world, held) == []


def test_a_worker_that_lost_its_lease_has_spent_the_money_all_the_same(
    world: World, held: Standing
) -> None:
    call = begin_call(world, held, call_of(world, held))
    world.pass_time(A_LEASE + A_MINUTE)
    world.tick()
    assert world.stages(call.run_id)["first"].status is Status.PENDING

    settled = settle_call(world, ended(call))

    assert settled
    assert bill_of(world, call.run_id).committed == 300


@EVERYWHERE
def test_what_nobody_knows_the_price_of_stays_held_back(world: World, held: Standing) -> None:
    call = begin_call(world, held, call_of(world, held))

    settle_call(world, ended(call, state=CallState.FAILED, cost=None, input_tokens=0))

    tally = Tally(calls=1, requests=1, failed=1, unpriced=1, held=500)
    assert bill_of(world, call.run_id).total == tally
    assert bill_of(world, call.run_id).committed == 500


@EVERYWHERE
def test_a_call_of_a_run_that_is_gone_leaves_nothing_behind(world: World, held: Standing) -> None:
    call = begin_call(world, held, call_of(world, held))
    world.persistence.erase(call.run_id, limit=100)

    settled = settle_call(world, ended(call))

    assert not settled
    assert world.persistence.bill(call.run_id) is None
    assert calls_of(world, call.run_id) == []


def test_a_bill_that_is_being_removed_is_not_made_anew() -> None:
    items = MemoryItems()
    world = World(ports=memory_ports(persistence=SteeredPersistence(DynamoPersistence(items))))
    held = claimed(world, begin(world, "three"), "first")
    call = begin_call(world, held, call_of(world, held))
    stages = (None, "first")
    items.write([Delete(key=bill_key(call.run_id, stage_id)) for stage_id in stages])

    settled = settle_call(world, ended(call))

    assert not settled
    assert world.persistence.bill(call.run_id) is None


def test_another_limit_in_between_does_not_matter(world: World, held: Standing) -> None:
    call = begin_call(world, held, call_of(world, held))
    limit(world, call.run_id, 1)

    settled = settle_call(world, ended(call))

    assert settled
    assert bill_of(world, call.run_id).committed == 300
