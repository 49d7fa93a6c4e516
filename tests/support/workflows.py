"""Tiny workflows to run."""

from datetime import timedelta

from pydantic import BaseModel

from kernel.authoring import (
    Completed,
    NotReady,
    Ready,
    Retry,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)


class Number(BaseModel):
    """What goes from stage to stage."""

    value: int


class Adding(BaseModel):
    """How much a stage adds."""

    amount: int = 1


@stage
def first(ctx: StageContext[Number, Adding]) -> Number:
    return Number(value=ctx.input.value + ctx.config.amount)


@stage
def second(ctx: StageContext[Number, Adding]) -> Number:
    return Number(value=ctx.input.value + ctx.config.amount)


@stage
async def third(ctx: StageContext[Number, Adding]) -> Completed[Number]:
    return Completed(
        Number(value=ctx.input.value + ctx.config.amount),
        metrics={"added": ctx.config.amount},
        artifacts={"sum.txt": str(ctx.input.value + ctx.config.amount)},
    )


class Both(BaseModel):
    """What the siblings put out."""

    left: Number
    right: Number


@stage
def left(ctx: StageContext[Number, None]) -> Number:
    return Number(value=ctx.input.value * 2)


@stage
def right(ctx: StageContext[Number, None]) -> Number:
    return Number(value=ctx.input.value * 3)


@stage
def join(ctx: StageContext[Both, None]) -> Number:
    return Number(value=ctx.input.left.value + ctx.input.right.value + ctx.require(first).value)


class Ticket(BaseModel):
    """What the provider gave in return."""

    number: int


POLLS_NEEDED = 3
POLL_EVERY = timedelta(seconds=60)


@batch_stage(id="wait")
class Wait:
    """A provider that is ready at the third look."""

    def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
        ctx.storage.save("polls", "0")
        return Suspend(Ticket(number=ctx.input.value), poll_every=POLL_EVERY)

    def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number] | NotReady:
        polls = int(ctx.storage.load("polls")) + 1
        ctx.storage.save("polls", str(polls))
        if polls < POLLS_NEEDED:
            return NotReady()
        return Ready(Number(value=state.number + 100))


@stage(id="fails", retry=Retry(max_attempts=2, first_delay=timedelta(seconds=2)))
def always_failing(ctx: StageContext[Number, None]) -> Number:
    message = f"no luck with {ctx.input.value}"
    raise RuntimeError(message)


three = workflow("three", input=Number).pipe(first).pipe(second).pipe(third).build()
diamond = workflow("diamond", input=Number).pipe(first).parallel(left, right).pipe(join).build()
fan = workflow("fan", input=Number).parallel(left, right).build()
waiting = workflow("waiting", input=Number).pipe(first).pipe(Wait).pipe(second).build()
failing = workflow("failing", input=Number).pipe(first).pipe(always_failing).pipe(second).build()

ALL = (three, diamond, fan, waiting, failing)
