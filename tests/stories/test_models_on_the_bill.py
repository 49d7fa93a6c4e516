"""Stages ask language models, and every call is on the run's bill, whatever comes of it."""

from decimal import Decimal

import pytest
from pydantic import BaseModel

from adapters.memory import ScriptedModel
from kernel.authoring import PrivateModel, StageContext, Usd, Workflow, stage, workflow
from kernel.errors import ModelBusyError, ModelDeniedError
from kernel.model.call import CallState, ModelCall
from kernel.model.message import Finish, ModelReply, ModelRequest, Text, Usage
from kernel.model.money import dollars
from kernel.model.status import Status
from kernel.ports.language_model import LanguageModel
from tests.support.turns import Turns
from tests.support.workflows import Number
from tests.support.world import World

MODEL = "scripted:one"


class Verdict(BaseModel):
    score: int


def reply(text: str, *, input: int = 1_000, output: int = 100, **more: object) -> ModelReply:
    usage = Usage(input=input, output=output)
    return ModelReply(parts=(Text(text=text),), usage=usage, **more)  # type: ignore[arg-type]


def with_model(world: World, model: LanguageModel) -> None:
    world.provide(models=model)


def calls(world: World, run_id: str) -> list[ModelCall]:
    return list(world.persistence.calls(run_id))


@stage
def judge(ctx: StageContext[Number, None]) -> Number:
    found = ctx.ai.generate_object("How good is it?", schema=Verdict, model=MODEL)
    return Number(value=found.value.score)


def judging(*, prices: bool = True) -> Workflow:
    own = PrivateModel(name=MODEL, input_price=Usd("2"), output_price=Usd("10"))
    made = workflow("judging", input=Number).register_models(*([own] if prices else []))
    return made.pipe(judge).build()


def test_a_call_is_on_the_bill_with_what_it_cost(world: World) -> None:
    world.learn(judging())
    with_model(world, ScriptedModel(reply('{"score": 7}')))
    run_id = world.create("judging", {"value": 1})

    world.finish(run_id)

    (call,) = calls(world, run_id)
    assert world.output(run_id, "judge") == {"value": 7}
    assert (call.state, call.topic) == (CallState.SETTLED, "workflow.judging.stage.judge")
    assert (call.input_tokens, call.output_tokens) == (1_000, 100)
    # 1,000 tokens in at $2 a million, and 100 out at $10.
    assert dollars(call.cost or 0) == Decimal("0.003")
    bill = world.persistence.bill(run_id)
    assert bill is not None
    assert (bill.committed, bill.total.in_flight, bill.total.held) == (3_000_000, 0, 0)
    assert bill.stages["judge"].cost == 3_000_000


def test_what_nobody_knows_the_price_of_is_not_free(world: World) -> None:
    world.learn(judging(prices=False))
    with_model(world, ScriptedModel(reply('{"score": 7}')))
    run_id = world.create("judging", {"value": 1})

    world.finish(run_id)

    (call,) = calls(world, run_id)
    bill = world.persistence.bill(run_id)
    assert call.cost is None
    assert bill is not None
    assert (bill.total.calls, bill.total.unpriced, bill.total.cost) == (1, 1, 0)


def test_an_answer_that_does_not_fit_is_sent_back_and_paid_for(world: World) -> None:
    model = ScriptedModel(reply("seven"), reply('{"score": "high"}'), reply('{"score": 7}'))
    world.learn(judging())
    with_model(world, model)
    run_id = world.create("judging", {"value": 1})

    world.finish(run_id)

    assert world.output(run_id, "judge") == {"value": 7}
    assert [call.cost for call in calls(world, run_id)] == [3_000_000] * 3
    said = model.asked[2].messages[-1].parts[0]
    assert isinstance(said, Text)
    assert "score" in said.text


def test_attempts_that_failed_are_on_the_bill_as_well(world: World) -> None:
    trouble = Turns[object](ConnectionError("reset"), None)

    @stage
    def ask(ctx: StageContext[Number, None]) -> Number:
        answer = ctx.ai.generate_text("How many?", model=MODEL)
        trouble.take()
        return Number(value=int(answer.text))

    world.learn(
        workflow("asking", input=Number)
        .register_models(PrivateModel(name=MODEL, input_price=Usd("2")))
        .pipe(ask)
        .build()
    )
    with_model(world, ScriptedModel(reply("3"), reply("4")))
    run_id = world.create("asking", {"value": 1})

    run = world.finish(run_id)

    bill = world.persistence.bill(run_id)
    assert run.status is Status.COMPLETED
    assert bill is not None
    assert [call.attempt for call in calls(world, run_id)] == [1, 2]
    assert bill.total.cost == 2 * 2_000_000


def test_a_busy_model_is_asked_again(world: World) -> None:
    world.learn(judging())
    busy = ModelBusyError("Too many requests.", retry_after=7)
    with_model(world, ScriptedModel(busy, reply('{"score": 7}')))
    run_id = world.create("judging", {"value": 1})
    before = world.now

    world.finish(run_id)

    first, second = calls(world, run_id)
    assert (first.state, first.cost, second.state) == (CallState.FAILED, 0, CallState.SETTLED)
    assert first.error is not None
    assert first.error.code == "MODEL_BUSY"
    assert (second.begun_at - before).total_seconds() >= 7


def test_a_model_that_may_not_be_asked_fails_the_stage_at_once(world: World) -> None:
    world.learn(judging())
    with_model(world, ScriptedModel(ModelDeniedError("The role must allow bedrock:InvokeModel.")))
    run_id = world.create("judging", {"value": 1})

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.error.code, world.stages(run_id)["judge"].attempt) == ("MODEL_DENIED", 1)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (reply("I must not.", finish=Finish.REFUSAL), "MODEL_REFUSED"),
        (reply('{"sco', finish=Finish.LENGTH), "ANSWER_CUT_OFF"),
    ],
)
def test_an_answer_that_is_none_fails_the_stage_and_is_paid_for(
    world: World, answer: ModelReply, code: str
) -> None:
    world.learn(judging())
    with_model(world, ScriptedModel(answer))
    run_id = world.create("judging", {"value": 1})

    run = world.finish(run_id)

    bill = world.persistence.bill(run_id)
    assert run.error is not None
    assert run.error.code == code
    assert bill is not None
    assert bill.total.cost == 3_000_000


def test_a_model_that_never_fits_uses_up_the_attempts(world: World) -> None:
    world.learn(judging())
    with_model(world, ScriptedModel(script=lambda _: reply("seven")))
    run_id = world.create("judging", {"value": 1})

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.error.code, world.stages(run_id)["judge"].attempt) == ("ANSWER_MISFIT", 3)
    assert len(calls(world, run_id)) == 3 * 3


def test_a_model_nobody_knows_is_an_error_of_the_workflow(world: World) -> None:
    world.learn(judging())
    run_id = world.create("judging", {"value": 1})

    run = world.finish(run_id)

    assert run.error is not None
    assert (run.error.code, run.error.retryable) == ("UNKNOWN_MODEL", False)


def test_a_workflow_brings_a_model_of_its_own(world: World) -> None:
    def answer(request: ModelRequest) -> str:
        return f"{len(request.messages)}"

    def places(texts: object) -> list[list[float]]:
        return [[0.5, 1.0]]

    @stage
    def ask(ctx: StageContext[Number, None]) -> Number:
        vector = ctx.ai.child("places").embed("where", model=MODEL)
        said = ctx.ai.generate_text("How many?", model=MODEL).text
        return Number(value=int(said) + len(vector))

    own = PrivateModel(
        name=MODEL, answer=answer, embed=places, input_price=Usd("1"), output_price=Usd("1")
    )
    world.learn(workflow("own", input=Number).register_models(own).pipe(ask).build())
    run_id = world.create("own", {"value": 1})

    world.finish(run_id)

    assert world.output(run_id, "ask") == {"value": 3}
    assert {call.topic for call in calls(world, run_id)} == {
        "workflow.own.stage.ask",
        "workflow.own.stage.ask.places",
    }


def test_a_topic_has_its_spending_when_the_run_is_gone(world: World) -> None:
    world.learn(judging())
    with_model(world, ScriptedModel(script=lambda _: reply('{"score": 7}')))
    runs = [world.create("judging", {"value": 1}) for _ in range(3)]
    for run_id in runs:
        world.finish(run_id)
    month = f"{world.now:%Y-%m}"

    while world.persistence.erase(runs[0], limit=100):
        pass

    spent = list(world.persistence.spending("workflow.judging", month))
    assert {each.run_id for each in spent} == set(runs)
    assert sum(each.tally.cost for each in spent) == 9_000_000
    assert list(world.persistence.spending("workflow.judgin", month)) == []
