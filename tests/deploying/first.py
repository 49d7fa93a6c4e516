"""The workflows as they are deployed first. They travel alone, without the tests."""

import threading
from datetime import timedelta

from pydantic import BaseModel

from functions.workflows.hello import hello
from kernel.authoring import (
    NotReady,
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


class Ticket(BaseModel):
    number: int


@stage
def ask(ctx: StageContext[Guest, None]) -> Suspend[None] | Guest:
    ctx.storage.save("link", ctx.callback_url())
    return Suspend(callback=True)


@batch_stage
class Book:
    """A table, which is never free."""

    def execute(self, ctx: StageContext[Guest, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=1), poll_every=timedelta(minutes=1))

    def check(self, ctx: StageContext[Guest, None], state: Ticket) -> Ready[Guest] | NotReady:
        return NotReady()


@stage(timeout=timedelta(seconds=5))
def linger(ctx: StageContext[Guest, None]) -> Guest:
    """Take long enough for a deployment to come in between."""
    threading.Event().wait(1)
    return ctx.input


asking = workflow("asking", input=Guest).pipe(ask).build()
lingering = workflow("lingering", input=Guest).pipe(linger).build()
booking = workflow("booking", input=Guest).pipe(Book).build()
