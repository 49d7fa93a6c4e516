"""The workflows as they are deployed next: two have one stage more, one has one in front."""

import threading
from datetime import timedelta

from pydantic import BaseModel

from functions.workflows.hello import hello
from kernel.authoring import (
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)

__all__ = ["asking", "booking", "hello", "lingering"]


class Guest(BaseModel):
    name: str = "world"


class Greeting(BaseModel):
    text: str


class Ticket(BaseModel):
    number: int


@stage
def ask(ctx: StageContext[Guest, None]) -> Suspend[None] | Guest:
    ctx.storage.save("link", ctx.callback_url())
    return Suspend(callback=True)


@stage
def look(ctx: StageContext[Guest, None]) -> Guest:
    return ctx.input


@batch_stage
class Book:
    """A table, which is free."""

    def execute(self, ctx: StageContext[Guest, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=1), poll_every=timedelta(minutes=1))

    def check(self, ctx: StageContext[Guest, None], state: Ticket) -> Ready[Guest]:
        return Ready(ctx.input)


@stage(timeout=timedelta(seconds=5))
def linger(ctx: StageContext[Guest, None]) -> Guest:
    threading.Event().wait(1)
    return ctx.input


@stage
def greet(ctx: StageContext[Guest, None]) -> Greeting:
    return Greeting(text=f"Good day, {ctx.input.name}!")


asking = workflow("asking", input=Guest).pipe(ask).pipe(greet).build()
lingering = workflow("lingering", input=Guest).pipe(linger).pipe(greet).build()
booking = workflow("booking", input=Guest).pipe(look).pipe(Book).build()
