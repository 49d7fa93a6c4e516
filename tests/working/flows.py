"""Workflows for workers with a process of their own: their bodies take time, and leave notes."""

import threading
from datetime import timedelta
from typing import Final

from pydantic import BaseModel

from kernel.authoring import Retry, StageContext, stage, workflow
from tests.kill.ledger import folder, note

# More often than any test ends a worker.
_OFTEN: Final = Retry(max_attempts=10, first_delay=timedelta(seconds=0.1), factor=1)
_A_LOOK: Final = 0.05
# So long a body waits for its sign, in seconds: no test takes as long.
_MOST: Final = 120


class Task(BaseModel):
    """*sign*: the body ends once a file of that name is there."""

    sign: str
    nth: int = 0


def _begin(ctx: StageContext[Task, None]) -> None:
    note("bodies", run=ctx.run_id, stage=ctx.stage_id, attempt=ctx.attempt, nth=ctx.input.nth)


def _is_given(sign: str) -> bool:
    return (folder() / sign).exists()


@stage(retry=_OFTEN, timeout=timedelta(minutes=5))
def deaf(ctx: StageContext[Task, None]) -> Task:
    """Ends at its sign, and hears nothing else."""
    _begin(ctx)
    for _ in range(round(_MOST / _A_LOOK)):
        if _is_given(ctx.input.sign):
            break
        threading.Event().wait(_A_LOOK)
    return ctx.input


@stage(retry=_OFTEN, timeout=timedelta(minutes=5))
def heeding(ctx: StageContext[Task, None]) -> Task:
    """Ends at its sign, or when it is told that nobody wants it any more."""
    _begin(ctx)
    for _ in range(round(_MOST / _A_LOOK)):
        if _is_given(ctx.input.sign) or ctx.cancelled():
            break
        threading.Event().wait(_A_LOOK)
    return ctx.input


@stage(retry=_OFTEN)
def after(ctx: StageContext[Task, None]) -> Task:
    _begin(ctx)
    return ctx.input


deafly = workflow("deafly", input=Task).pipe(deaf).pipe(after).build()
heedingly = workflow("heedingly", input=Task).pipe(heeding).pipe(after).build()


@stage(retry=Retry(max_attempts=1), timeout=timedelta(seconds=1))
def late(ctx: StageContext[Task, None]) -> Task:
    """Takes longer than it may, and cannot be stopped."""
    _begin(ctx)
    threading.Event().wait(_MOST)
    return ctx.input


lately = workflow("lately", input=Task).pipe(late).build()


class Pause(BaseModel):
    seconds: float


@stage
def waits(ctx: StageContext[Pause, None]) -> Pause:
    threading.Event().wait(ctx.input.seconds)
    return ctx.input


@stage
def waits_again(ctx: StageContext[Pause, None]) -> Pause:
    threading.Event().wait(ctx.input.seconds)
    return ctx.input


pausing = workflow("pausing", input=Pause).pipe(waits).pipe(waits_again).build()


@stage(queue="heavy")
def far(ctx: StageContext[Task, None]) -> Task:
    _begin(ctx)
    return ctx.input


apart = workflow("apart", input=Task).pipe(far).pipe(after).build()
