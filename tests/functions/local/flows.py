"""Workflows to run on the local stack, each for one thing that can happen to a run."""

import os
import signal
import threading
from datetime import timedelta

from pydantic import BaseModel

from functions.workflows.hello import hello
from kernel.authoring import (
    Completed,
    Fatal,
    NotReady,
    Ready,
    Retry,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)

__all__ = [
    "asking",
    "baking",
    "crashing",
    "doomed",
    "far",
    "flaky",
    "hello",
    "leaving",
    "sleepy",
    "splitting",
]

SOON = timedelta(milliseconds=10)


class Number(BaseModel):
    value: int = 1


class Sides(BaseModel):
    left: Number
    right: Number


class Ticket(BaseModel):
    number: int


class Page(BaseModel):
    text: str


@stage
def left(ctx: StageContext[Number, None]) -> Number:
    return Number(value=ctx.input.value + 1)


@stage
def right(ctx: StageContext[Number, None]) -> Number:
    return Number(value=ctx.input.value * 10)


@stage(queue="gpu")
def render(ctx: StageContext[Number, None]) -> Number:
    return Number(value=ctx.input.value * 2)


@stage
def add(ctx: StageContext[Sides, None]) -> Number:
    return Number(value=ctx.input.left.value + ctx.input.right.value)


@stage(isolate=True, retry=Retry(max_attempts=2, first_delay=SOON))
def crash(ctx: StageContext[Number, None]) -> Number:
    """Die at first; then use all that a stage has."""
    if ctx.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    ctx.progress(0.5, "half")
    ctx.storage.save("whole.txt", "x" * 10_000)
    ctx.annotate("process", os.getpid())
    print("printed over there")
    return Number(value=ctx.require("left").value + len(ctx.storage.load("whole.txt")))


@batch_stage
class Bake:
    """Ready when it was asked a second time."""

    def execute(self, ctx: StageContext[Number, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=7), poll_every=timedelta(seconds=0.5))

    def check(self, ctx: StageContext[Number, None], state: Ticket) -> Ready[Number] | NotReady:
        if ctx.storage.exists("asked"):
            return Ready(Number(value=state.number))
        ctx.storage.save("asked", b"")
        return NotReady()


@stage
def ask(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
    ctx.storage.save("link.txt", ctx.callback_url())
    return Suspend(callback=True)


@stage(retry=Retry(max_attempts=3, first_delay=SOON))
def stumble(ctx: StageContext[Number, None]) -> Number:
    if ctx.attempt == 1:
        raise ValueError("not yet")
    return ctx.input


@stage
def refuse(ctx: StageContext[Number, None]) -> Number:
    raise Fatal("It will never work.")


@stage
def sleep(ctx: StageContext[Number, None]) -> Number:
    """Do nothing until nobody wants it any more."""
    ctx.progress(0.5, "half asleep")
    while not ctx.cancelled() and ctx.remaining():
        threading.Event().wait(0.05)
    return ctx.input


@stage
def draft(ctx: StageContext[Number, None]) -> Completed[Page]:
    return Completed(Page(text="draft"), artifacts={"page.txt": "a draft"})


@stage
def publish(ctx: StageContext[Page, None]) -> Completed[Page]:
    big = Page(text="word " * 2_000)
    return Completed(big, artifacts={"page.txt": "printed", "cover.md": b"# Cover\n"})


splitting = (
    workflow("splitting", input=Number, output=Number).parallel(left, right).pipe(add).build()
)
baking = workflow("baking", input=Number).pipe(Bake).build()
asking = workflow("asking", input=Number).pipe(ask).build()
crashing = workflow("crashing", input=Number).pipe(left).pipe(crash).build()
flaky = workflow("flaky", input=Number).pipe(stumble).build()
doomed = workflow("doomed", input=Number).pipe(refuse).build()
sleepy = workflow("sleepy", input=Number).pipe(sleep).build()
leaving = workflow("leaving", input=Number).pipe(draft).pipe(publish).build()
far = workflow("far", input=Number).pipe(left).pipe(render).build()
