"""A run is given another budget while it is there, and none that it has spent already."""

from decimal import Decimal
from typing import Any

import pytest

from kernel.commands.raise_budget import RaiseBudget, RaiseBudgetResult
from kernel.errors import InvalidInputError, NotFoundError
from kernel.model.bell import BellKind
from kernel.procedures.delete_run import DeleteRun
from tests.support.bills import begin_call, bill_of, call_of, ended, settle_call
from tests.support.moves import begin, claimed, settle, suspending
from tests.support.world import World

EVERYWHERE = pytest.mark.parametrize("layout", ["records", "items"], indirect=True)
TWO = Decimal("0.000000002")


def give(world: World, run_id: str, limit: Any) -> RaiseBudgetResult:
    return world.dispatch(RaiseBudget(run_id=run_id, limit=limit))


def spend(world: World, run_id: str) -> None:
    """Spend 300 nanodollars."""
    held = claimed(world, run_id, "first")
    settle_call(world, ended(begin_call(world, held, call_of(world, held))))


@EVERYWHERE
def test_a_run_without_a_budget_is_given_one(world: World) -> None:
    run_id = begin(world, "three")

    result = give(world, run_id, Decimal("2.5"))

    assert result == RaiseBudgetResult(limit=Decimal("2.5"), committed=Decimal(0))
    assert bill_of(world, run_id).limit == 2_500_000_000


@EVERYWHERE
def test_it_may_be_lowered_to_what_is_spent_and_no_further(world: World) -> None:
    run_id = begin(world, "three")
    spend(world, run_id)
    give(world, run_id, Decimal("0.0000003"))

    with pytest.raises(InvalidInputError, match=r"\$0.0000003 is spent or held back already"):
        give(world, run_id, Decimal("0.000000299"))

    assert bill_of(world, run_id).limit == 300


def test_what_is_spent_at_the_same_moment_counts(world: World) -> None:
    run_id = begin(world, "three")
    world.persistence.meanwhile(lambda: spend(world, run_id))

    with pytest.raises(InvalidInputError):
        give(world, run_id, TWO)

    assert bill_of(world, run_id).limit is None


@pytest.mark.parametrize("limit", [Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("1e10"), 2.5])
def test_what_is_no_budget_is_refused(world: World, limit: Any) -> None:
    run_id = begin(world, "three")

    with pytest.raises(InvalidInputError, match="cannot be given that budget"):
        give(world, run_id, limit)

    assert world.persistence.bill(run_id) is None


def test_a_run_that_is_not_there_is_given_none(world: World) -> None:
    with pytest.raises(NotFoundError):
        give(world, "nobody", Decimal(1))


@EVERYWHERE
def test_a_run_that_is_being_removed_is_given_none(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)
    world.persistence.meanwhile(lambda: world.dispatch(DeleteRun(run_id=run_id)))

    with pytest.raises(NotFoundError):
        give(world, run_id, Decimal(1))

    assert world.persistence.bill(run_id) is None


def test_a_run_that_is_over_keeps_it_for_a_rerun(world: World) -> None:
    run_id = begin(world, "three")
    world.finish(run_id)

    give(world, run_id, Decimal(1))

    assert bill_of(world, run_id).limit == 1_000_000_000


def test_who_waits_for_a_budget_is_rung_for_and_nobody_else(world: World) -> None:
    run_id = begin(world, "fan")
    for stage_id, wanted in (("left", 700), ("right", None)):
        verdict = suspending(wanted=wanted, paused=wanted is not None)
        settle(world, claimed(world, run_id, stage_id), verdict)
    before = len(world.transport.sent)

    give(world, run_id, Decimal(1))

    (sent,) = world.transport.sent[before:]
    assert (sent.bell.kind, sent.bell.stage_id, sent.bell.not_before) == (
        BellKind.POLL,
        "left",
        None,
    )
