"""Workflows whose bodies leave marks: whoever put out a value is named in it, and in a ledger."""

import secrets
import threading
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel

from kernel.authoring import (
    NotReady,
    Ready,
    Retry,
    Stage,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)
from tests.kill.ledger import note

# Each kill may cost an attempt, and so may a slow machine: there are more than enough.
_OFTEN: Final = Retry(max_attempts=100, first_delay=timedelta(seconds=0.2), factor=1)
_LEASE: Final = timedelta(seconds=5)
_SOON: Final = timedelta(seconds=0.5)
_A_WHILE: Final = 0.2

POLLS: Final = 3
DOOMED_ATTEMPTS: Final = 3


class Parcel(BaseModel):
    """A value, and the marks of all that it came through."""

    value: int
    marks: tuple[str, ...] = ()


class Sides(BaseModel):
    left: Parcel
    middle: Parcel
    right: Parcel


class Ticket(BaseModel):
    value: int
    marks: tuple[str, ...]


def _marked(ctx: StageContext[Any, None], marks: tuple[str, ...]) -> tuple[str, ...]:
    """Begin an attempt; take a while, in which the process may well be killed."""
    mark = secrets.token_hex(8)
    place = {"run": ctx.run_id, "stage": ctx.stage_id, "generation": ctx.generation}
    note("bodies", **place, attempt=ctx.attempt, mark=mark)
    threading.Event().wait(_A_WHILE)
    return (*marks, mark)


def adding(name: str, amount: int) -> Stage[Parcel, Parcel]:
    @stage(id=name, retry=_OFTEN, timeout=_LEASE)
    def body(ctx: StageContext[Parcel, None]) -> Parcel:
        return Parcel(value=ctx.input.value + amount, marks=_marked(ctx, ctx.input.marks))

    return body


first, second, third = adding("first", 1), adding("second", 2), adding("third", 3)
left, middle, right = adding("left", 10), adding("middle", 20), adding("right", 30)


@stage(retry=_OFTEN, timeout=_LEASE)
async def join(ctx: StageContext[Sides, None]) -> Parcel:
    sides = [ctx.input.left, ctx.input.middle, ctx.input.right]
    marks = tuple(mark for side in sides for mark in side.marks)
    return Parcel(value=sum(side.value for side in sides), marks=_marked(ctx, marks))


@batch_stage(id="ship", retry=_OFTEN, timeout=_LEASE)
class Ship:
    """There when it was asked three times."""

    def execute(self, ctx: StageContext[Parcel, None]) -> Suspend[Ticket]:
        ticket = Ticket(value=ctx.input.value, marks=_marked(ctx, ctx.input.marks))
        return Suspend(ticket, poll_every=_SOON)

    def check(self, ctx: StageContext[Parcel, None], state: Ticket) -> Ready[Parcel] | NotReady:
        asked = int(ctx.storage.load("asked")) if ctx.storage.exists("asked") else 0
        ctx.storage.save("asked", str(asked + 1).encode())
        if asked + 1 < POLLS:
            return NotReady()
        return Ready(Parcel(value=state.value + 100, marks=state.marks))


@stage(retry=_OFTEN, timeout=_LEASE)
def stumble(ctx: StageContext[Parcel, None]) -> Parcel:
    marks = _marked(ctx, ctx.input.marks)
    if ctx.attempt < 3:
        raise ConnectionError(f"not yet, at attempt {ctx.attempt}")
    return Parcel(value=ctx.input.value + 1_000, marks=marks)


@stage(retry=Retry(max_attempts=DOOMED_ATTEMPTS, first_delay=_SOON), timeout=_LEASE)
def doom(ctx: StageContext[Parcel, None]) -> Parcel:
    _marked(ctx, ctx.input.marks)
    raise RuntimeError("It will never work.")


@batch_stage(id="never", retry=_OFTEN, timeout=_LEASE)
class Never:
    """Waits until nobody wants it any more."""

    def execute(self, ctx: StageContext[Parcel, None]) -> Suspend[Ticket]:
        ticket = Ticket(value=ctx.input.value, marks=_marked(ctx, ctx.input.marks))
        return Suspend(ticket, poll_every=_SOON)

    def check(self, ctx: StageContext[Parcel, None], state: Ticket) -> Ready[Parcel] | NotReady:
        return NotReady()


@stage(retry=_OFTEN, timeout=_LEASE)
def dawdle(ctx: StageContext[Parcel, None]) -> Parcel:
    """Work until nobody wants it any more."""
    _marked(ctx, ctx.input.marks)
    while not ctx.cancelled() and ctx.remaining() > _SOON:
        threading.Event().wait(_A_WHILE)
    raise TimeoutError("Nobody came to cancel this attempt.")


line = workflow("line", input=Parcel).pipe(first).pipe(second).pipe(third).build()
fork = workflow("fork", input=Parcel).pipe(first).parallel(left, middle, right).pipe(join).build()
batch = workflow("batch", input=Parcel).pipe(first).pipe(Ship).pipe(third).build()
flaky = workflow("flaky", input=Parcel).pipe(stumble).pipe(second).build()
doomed = workflow("doomed", input=Parcel).pipe(first).pipe(doom).pipe(third).build()
endless = workflow("endless", input=Parcel).pipe(first).parallel(Never, dawdle).build()
