"""A call is begun by who holds the stage, within the budget, and once."""

from dataclasses import replace

import pytest

from kernel.errors import BudgetExceededError, ConflictError, UnpricedModelError
from kernel.model.call import Tally
from kernel.ports.persistence import Standing
from kernel.procedures.cancel_run import CancelRun
from tests.support.bills import (
    begin_call,
    bill_of,
    call_of,
    calls_of,
    ended,
    limit,
    settle_call,
)
from tests.support.moves import A_LEASE, A_MINUTE, begin, claimed, settle, success, suspending
from tests.support.world import World

EVERYWHERE = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
ALONE_OR_NOT = pytest.mark.parametrize(
    ("workflow_id", "stage_id"), [("three", "first"), ("fan", "left")]
)


def holding(world: World, workflow_id: str = "three", stage_id: str = "first") -> Standing:
    return claimed(world, begin(world, workflow_id), stage_id)


@EVERYWHERE
@ALONE_OR_NOT
def test_a_call_that_is_begun_is_on_the_bill_and_moves_no_stage(
    world: World, workflow_id: str, stage_id: str
) -> None:
    held = holding(world, workflow_id, stage_id)
    call = call_of(world, held)

    begun = begin_call(world, held, call)

    bill = bill_of(world, call.run_id)
    assert begun == call
    assert calls_of(world, call.run_id) == [call]
    assert bill.stages == {stage_id: Tally(in_flight=1, held=500)}
    assert bill.committed == 500
    assert world.stages(call.run_id)[stage_id] == held.stage


@EVERYWHERE
@ALONE_OR_NOT
def test_who_does_not_hold_the_stage_begins_none(
    world: World, workflow_id: str, stage_id: str
) -> None:
    held = holding(world, workflow_id, stage_id)

    with pytest.raises(ConflictError, match="no longer this worker's"):
        begin_call(world, held, call_of(world, held), token="theirs")

    assert world.persistence.bill(held.stage.run_id) is None
    assert calls_of(world, held.stage.run_id) == []


@EVERYWHERE
@ALONE_OR_NOT
def test_a_worker_that_slept_beyond_its_lease_begins_none(
    world: World, workflow_id: str, stage_id: str
) -> None:
    held = holding(world, workflow_id, stage_id)
    world.pass_time(A_LEASE + A_MINUTE)
    world.tick()

    with pytest.raises(ConflictError):
        begin_call(world, held, call_of(world, held))

    assert world.persistence.bill(held.stage.run_id) is None


def test_the_code_of_a_settled_stage_begins_none(world: World) -> None:
    held = holding(world)
    settle(world, held, success({"value": 2}))

    with pytest.raises(ConflictError):
        begin_call(world, held, call_of(world, held))


def test_the_code_of_a_cancelled_run_begins_none(world: World) -> None:
    held = holding(world)
    world.dispatch(CancelRun(run_id=held.stage.run_id))

    with pytest.raises(ConflictError):
        begin_call(world, held, call_of(world, held))


@EVERYWHERE
def test_the_token_of_a_body_is_of_no_use_to_a_check(world: World) -> None:
    held = holding(world)
    settle(world, held, suspending())

    with pytest.raises(ConflictError):
        begin_call(world, held, call_of(world, held), is_poll=True)


@EVERYWHERE
def test_what_fits_the_budget_to_the_last_bit_is_begun(world: World) -> None:
    held = holding(world)
    limit(world, held.stage.run_id, 500)

    begin_call(world, held, call_of(world, held))

    assert bill_of(world, held.stage.run_id).committed == 500


@EVERYWHERE
def test_what_does_not_fit_the_budget_is_refused_with_the_figures(world: World) -> None:
    held = holding(world)
    limit(world, held.stage.run_id, 499)

    with pytest.raises(BudgetExceededError, match=r"may spend \$0.000000499") as caught:
        begin_call(world, held, call_of(world, held))

    assert caught.value.context["committed"] == "0"
    assert bill_of(world, held.stage.run_id).committed == 0
    assert calls_of(world, held.stage.run_id) == []


def test_what_was_held_back_too_much_is_free_again(world: World) -> None:
    held = holding(world)
    limit(world, held.stage.run_id, 800)
    first = begin_call(world, held, call_of(world, held))
    settle_call(world, ended(first))

    begin_call(world, held, call_of(world, held, id="second"))

    assert bill_of(world, held.stage.run_id).committed == 300 + 500


def test_of_two_that_read_the_bill_at_once_one_is_refused(world: World) -> None:
    run_id = begin(world, "fan")
    left, right = (claimed(world, run_id, stage_id) for stage_id in ("left", "right"))
    limit(world, run_id, 800)
    world.persistence.meanwhile(lambda: begin_call(world, left, call_of(world, left)))

    with pytest.raises(BudgetExceededError):
        begin_call(world, right, call_of(world, right))

    assert bill_of(world, run_id).committed == 500


def test_with_a_budget_a_call_without_a_price_is_refused(world: World) -> None:
    held = holding(world)
    limit(world, held.stage.run_id, 10_000)

    with pytest.raises(UnpricedModelError, match="nobody knows what"):
        begin_call(world, held, call_of(world, held, reserved=0), is_priced=False)


def test_without_a_budget_a_call_without_a_price_is_begun(world: World) -> None:
    held = holding(world)

    begin_call(world, held, call_of(world, held, reserved=0), is_priced=False)

    assert bill_of(world, held.stage.run_id).total == Tally(in_flight=1)


@EVERYWHERE
def test_what_was_begun_under_the_same_name_is_returned_as_it_stands(world: World) -> None:
    held = holding(world)
    call = call_of(world, held, id="batch-7")
    settle_call(world, ended(begin_call(world, held, call, is_named=True)))
    limit(world, held.stage.run_id, 300)

    again = begin_call(world, held, replace(call, reserved=900), is_named=True)

    assert again == ended(call)
    assert bill_of(world, held.stage.run_id).total.calls == 1
