"""A run spends no more on models than it may."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from kernel.authoring import PrivateModel, StageContext, Usd, Workflow, stage, workflow
from kernel.errors import DefinitionError
from kernel.model.message import ModelReply, Text, Usage
from kernel.model.status import Status
from kernel.procedures.rerun_from import RerunFrom
from tests.support.workflows import Number
from tests.support.world import World

MODEL = "scripted:one"
# 1,000 tokens in and out at $1 a million each, whatever is reserved for it.
A_CALL = Usd("0.002")
A_DOLLAR = Usd("1")


@stage
def ask(ctx: StageContext[Number, None]) -> Number:
    for _ in range(ctx.input.value):
        ctx.ai.generate_text("How?", model=MODEL, max_tokens=1_999)
    return ctx.input


def asking(budget: Decimal | None = None, *, price: Usd | None = A_DOLLAR) -> Workflow:
    own = PrivateModel(name=MODEL, input_price=price, answer=_answer, output_price=price)
    return workflow("asking", input=Number, budget=budget).register_models(own).pipe(ask).build()


def _answer(request: object) -> ModelReply:
    return ModelReply(parts=(Text(text="so"),), usage=Usage(input=1_000, output=1_000))


def spent(world: World, run_id: str) -> tuple[int, Decimal]:
    bill = world.persistence.bill(run_id)
    assert bill is not None
    assert bill.committed == bill.total.cost
    return bill.total.calls, Decimal(bill.total.cost).scaleb(-9)


def test_a_run_within_its_budget_is_as_any_other(world: World) -> None:
    world.learn(asking(Usd("0.010")))
    run_id = world.create("asking", {"value": 5})

    run = world.finish(run_id)

    assert run.status is Status.COMPLETED
    assert spent(world, run_id) == (5, 5 * A_CALL)


def test_a_call_beyond_the_budget_is_not_made_and_fails_the_run(world: World) -> None:
    world.learn(asking(Usd("0.010")))
    run_id = world.create("asking", {"value": 6})

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "BUDGET_EXCEEDED")
    assert "may spend $0.01, has spent or holds back $0.01" in run.error.message
    assert world.stages(run_id)["ask"].attempt == 1
    assert spent(world, run_id) == (5, 5 * A_CALL)


def test_a_run_may_be_given_another_budget_than_its_workflow_has(world: World) -> None:
    world.learn(asking(Usd("100")))
    run_id = world.create("asking", {"value": 6}, budget=Usd("0.004"))

    run = world.finish(run_id)

    assert run.error is not None
    assert run.error.code == "BUDGET_EXCEEDED"
    assert spent(world, run_id) == (2, 2 * A_CALL)


def test_what_another_generation_spent_counts(world: World) -> None:
    world.learn(asking(Usd("0.011")))
    run_id = world.create("asking", {"value": 3})
    world.finish(run_id)
    world.dispatch(RerunFrom(run_id=run_id, stage_id="ask"))

    run = world.finish(run_id)

    assert run.error is not None
    assert run.error.code == "BUDGET_EXCEEDED"
    assert spent(world, run_id) == (5, 5 * A_CALL)


def test_with_a_budget_nobody_may_ask_what_has_no_price(world: World) -> None:
    world.learn(asking(Usd("1"), price=None))
    run_id = world.create("asking", {"value": 1})

    run = world.finish(run_id)

    bill = world.persistence.bill(run_id)
    assert run.error is not None
    assert run.error.code == "UNPRICED_MODEL"
    assert bill is not None
    assert (bill.limit, bill.stages) == (1_000_000_000, {})


def test_stages_side_by_side_share_one_budget(world: World) -> None:
    def asker(number: int) -> Any:
        @stage(id=f"ask-{number}")
        def one(ctx: StageContext[Number, None]) -> Number:
            ctx.ai.generate_text("How?", model=MODEL, max_tokens=1_999)
            return ctx.input

        return one

    own = PrivateModel(name=MODEL, input_price=Usd("1"), answer=_answer, output_price=Usd("1"))
    twenty = workflow("twenty", input=Number, budget=Usd("0.009")).register_models(own)
    world.learn(twenty.parallel(*map(asker, range(20))).build())
    run_id = world.create("twenty", {"value": 1})

    run = world.finish(run_id)

    codes = Counter(stage.error.code for stage in world.stages(run_id).values() if stage.error)
    assert run.status is Status.FAILED
    assert codes["BUDGET_EXCEEDED"] >= 1
    assert spent(world, run_id) == (4, 4 * A_CALL)


def test_a_run_without_models_has_no_bill(world: World) -> None:
    run_id = world.create("three", {"value": 2})

    world.finish(run_id)

    assert world.persistence.bill(run_id) is None


@pytest.mark.parametrize("budget", [2.5, Usd("0"), Usd("-1"), Usd("NaN"), Usd("1e12"), "2.50"])
def test_a_budget_that_is_none_cannot_be_built(budget: Any) -> None:
    with pytest.raises(DefinitionError, match="its budget is none"):
        asking(budget)
