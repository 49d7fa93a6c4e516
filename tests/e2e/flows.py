"""What the emulators are given to run: one workflow with everything in it, some with one thing.

It travels into the emulators' processes by itself, so it imports nothing of the tests.
"""

import os
import signal
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

SOON = timedelta(milliseconds=10)


class Cargo(BaseModel):
    tons: int


class Loading(BaseModel):
    extra: int = 1


class Sides(BaseModel):
    port: Cargo
    starboard: Cargo


class Slip(BaseModel):
    number: int


class Story(BaseModel):
    text: str


class Place(BaseModel):
    """Which process a body ran in, and which one started that."""

    process: int
    parent: int


@stage
def load(ctx: StageContext[Cargo, Loading]) -> Cargo:
    ctx.annotate("ship", {"extra": ctx.config.extra})
    return Cargo(tons=ctx.input.tons + ctx.config.extra)


@stage
def port(ctx: StageContext[Cargo, None]) -> Cargo:
    ctx.progress(0.5, "half of it is aboard")
    return Cargo(tons=ctx.input.tons * 2)


@stage(retry=Retry(max_attempts=5, first_delay=SOON))
async def starboard(ctx: StageContext[Cargo, None]) -> Cargo:
    if ctx.attempt < 3:
        raise ConnectionError(f"too much swell at attempt {ctx.attempt}")
    return Cargo(tons=ctx.input.tons * 3)


@batch_stage
class Dock:
    """There is a berth when it is asked for a second time."""

    def execute(self, ctx: StageContext[Sides, None]) -> Suspend[Slip]:
        both = ctx.input.port.tons + ctx.input.starboard.tons
        return Suspend(Slip(number=both), poll_every=timedelta(seconds=1))

    def check(self, ctx: StageContext[Sides, None], state: Slip) -> Ready[Cargo] | NotReady:
        if ctx.storage.exists("asked"):
            return Ready(Cargo(tons=state.number))
        ctx.storage.save("asked", b"")
        return NotReady()


@stage(when=lambda ctx: ctx.input.tons > 1_000)
def inspect(ctx: StageContext[Cargo, None]) -> Cargo:
    return ctx.input


@stage
def report(ctx: StageContext[Cargo | None, None]) -> Completed[Story]:
    tons = ctx.require(Dock).tons + ctx.require(load).tons
    story = Story(text=f"{tons} tons. " * 1_000)
    return Completed(story, metrics={"tons": tons}, artifacts={"log.txt": f"{tons} tons"})


@stage(retry=Retry(max_attempts=2, first_delay=SOON))
def sink(ctx: StageContext[Cargo, None]) -> Cargo:
    raise RuntimeError(f"down with {ctx.input.tons} tons")


@stage
def cast_off(ctx: StageContext[Cargo, None]) -> Cargo:
    return ctx.input


@stage
def moor(ctx: StageContext[Cargo, None]) -> Cargo:
    return ctx.input


@stage
def here(ctx: StageContext[Cargo, None]) -> Place:
    return Place(process=os.getpid(), parent=os.getppid())


@stage
def there(ctx: StageContext[Cargo, None]) -> Place:
    return Place(process=os.getpid(), parent=os.getppid())


@stage(timeout=timedelta(seconds=1))
def survive(ctx: StageContext[Cargo, None]) -> Cargo:
    """At the first attempt the whole process is gone, in the middle of it."""
    if ctx.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return ctx.input


voyage = (
    workflow("voyage", input=Cargo, output=Story)
    .pipe(load)
    .parallel(port, starboard)
    .pipe(Dock)
    .pipe(inspect)
    .pipe(report)
    .build()
)
shipwreck = workflow("shipwreck", input=Cargo).pipe(load).pipe(sink).pipe(port).build()
places = workflow("places", input=Cargo).parallel(here, there).build()
surviving = workflow("surviving", input=Cargo).pipe(survive).build()
ferry = workflow("ferry", input=Cargo).pipe(cast_off).pipe(moor).build()
