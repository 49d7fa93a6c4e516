"""A call that was made elsewhere is put on the bill once, and only of a run that is there."""

import pytest

from kernel.commands.record_call import RecordCall
from kernel.model.call import ModelCall, Tally
from kernel.ports.persistence import Standing
from kernel.procedures.delete_run import DeleteRun
from tests.support.bills import bill_of, call_of, calls_of, ended, limit
from tests.support.moves import begin, claimed
from tests.support.world import World

EVERYWHERE = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
TALLY = Tally(calls=1, requests=1, input_tokens=10, cost=300)


@pytest.fixture
def held(world: World) -> Standing:
    return claimed(world, begin(world, "three"), "first")


def made_elsewhere(world: World, held: Standing) -> ModelCall:
    return ended(call_of(world, held, reserved=0))


def record(world: World, call: ModelCall) -> bool:
    return world.dispatch(RecordCall(call=call)).recorded


@EVERYWHERE
def test_it_is_on_the_bill_and_its_topic_has_spent_it(world: World, held: Standing) -> None:
    call = made_elsewhere(world, held)

    recorded = record(world, call)

    (spending,) = world.persistence.spending("workflow.three", f"{world.now:%Y-%m}")
    assert recorded
    assert calls_of(world, call.run_id) == [call]
    assert bill_of(world, call.run_id).stages == {"first": TALLY}
    assert spending.tally == TALLY


@EVERYWHERE
def test_twice_is_as_good_as_once(world: World, held: Standing) -> None:
    call = made_elsewhere(world, held)
    record(world, call)

    again = record(world, call)

    assert not again
    assert bill_of(world, call.run_id).total == TALLY


def test_money_that_is_spent_counts_beyond_the_budget_too(world: World, held: Standing) -> None:
    limit(world, held.stage.run_id, 100)

    recorded = record(world, made_elsewhere(world, held))

    assert recorded
    assert bill_of(world, held.stage.run_id).committed == 300


@EVERYWHERE
def test_a_run_that_is_gone_gets_no_bill(world: World) -> None:
    run_id = begin(world, "three")
    call = made_elsewhere(world, claimed(world, run_id, "first"))
    world.finish(run_id)
    world.dispatch(DeleteRun(run_id=run_id))

    recorded = record(world, call)

    assert not recorded
    assert world.persistence.bill(run_id) is None
    assert calls_of(world, run_id) == []
