"""Stages that ask a model before they do what they are told, and the provider of that model."""

from datetime import timedelta
from functools import cache
from typing import Any, Final

from kernel.authoring import PrivateModel, StageContext, Usd, batch_stage, stage
from kernel.authoring.stage import Stage
from kernel.authoring.verdict import Completed, Failed, NotReady, Ready
from kernel.model.message import ModelReply, ModelRequest, Text, Usage
from tests.simulation.bodies import Turns, Waiter, perform, retry

MODEL: Final = "far:thinker"
# Its price is known, and whoever serves it is asked.
PRICED: Final = PrivateModel(name=MODEL, input_price=Usd("1"), output_price=Usd("1"))
USAGE: Final = Usage(input=100, output=10)
# In nanodollars: 110 tokens at one dollar a million. More than that is reserved for it.
COST: Final = 110_000
ASKED: Final = 2
# What `asking` parts are made of, and what their workflow must register.
KINDS: Final = frozenset({"asking", "asking in checks"})


class Provider:
    """Answers everything, and remembers how often: each answer is on its own bill."""

    def __init__(self) -> None:
        self.answered = 0

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        self.answered += 1
        return ModelReply(parts=(Text(text="so"),), usage=USAGE)


def _ask(ctx: StageContext[Any, Any]) -> None:
    for _ in range(ASKED):
        ctx.ai.generate_text("How?", model=MODEL, max_tokens=200)


def _body(ctx: StageContext[Any, Turns]) -> Completed[Any]:
    _ask(ctx)
    result: Completed[Any] = perform(ctx)
    return result


class _AskingWaiter(Waiter):
    def check(self, ctx: StageContext[Any, Turns], state: str) -> Ready[Any] | NotReady | Failed:
        _ask(ctx)
        return super().check(ctx, state)


@cache
def asking(id_: str, attempts: int) -> Stage[Any, Any]:
    return stage(id=id_, retry=retry(attempts))(_body)


@cache
def asking_in_checks(id_: str, attempts: int) -> Stage[Any, Any]:
    return batch_stage(id=id_, retry=retry(attempts))(_AskingWaiter)
