"""Bodies that would take a worker along, each the only stage of a workflow of its own."""

import asyncio
import ctypes
import os
import signal
import stat
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Final

from kernel.authoring import Retry, StageContext, stage, workflow
from kernel.authoring.workflow import Workflow
from tests.support.workflows import ALL, Number

SHORT: Final = timedelta(seconds=1)
ENOUGH: Final = timedelta(seconds=60)
MANY: Final = 50_000
bad = partial(stage, isolate=True, retry=Retry(max_attempts=2, first_delay=timedelta()))


class StubbornError(Exception):
    """Cannot be made anew of what `Exception` keeps."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")
        self.holds = threading.Lock()


def for_ever() -> None:
    """Wait, as code does that nobody can interrupt."""
    while True:
        threading.Event().wait(60)


@bad(timeout=ENOUGH)
def crashes(ctx: StageContext[Number, None]) -> Number:
    ctypes.string_at(0)
    return ctx.input


@bad(timeout=ENOUGH)
def exits(ctx: StageContext[Number, None]) -> Number:
    os._exit(ctx.input.value)


@bad(timeout=ENOUGH)
def leaves(ctx: StageContext[Number, None]) -> Number:
    sys.exit(3)


@bad(timeout=ENOUGH)
def kills_itself(ctx: StageContext[Number, None]) -> Number:
    os.kill(os.getpid(), signal.SIGKILL)
    return ctx.input


@bad(timeout=ENOUGH)
def forks(ctx: StageContext[Number, None]) -> Number:
    """Leave a child behind, which holds every pipe that there is."""
    child = os.fork()
    if child == 0:
        for_ever()
    return Number(value=child)


@bad(timeout=ENOUGH)
def forks_and_crashes(ctx: StageContext[Number, None]) -> Number:
    child = os.fork()
    if child == 0:
        for_ever()
    ctx.storage.save("child", str(child))
    ctypes.string_at(0)
    return ctx.input


@bad(timeout=ENOUGH)
def goes_on_twice(ctx: StageContext[Number, None]) -> Number:
    """Return in two processes, both of which believe to be the stage's."""
    child = os.fork()
    return Number(value=child)


@bad(timeout=SHORT)
def blocks_signals(ctx: StageContext[Number, None]) -> Number:
    signal.pthread_sigmask(signal.SIG_BLOCK, [*signal.Signals])
    ctx.storage.save("process", str(os.getpid()))
    for_ever()
    return ctx.input


@bad(timeout=SHORT)
def never_yields(ctx: StageContext[Number, None]) -> Number:
    ctx.storage.save("process", str(os.getpid()))
    while True:
        pass


@bad(timeout=SHORT)
def holds_the_interpreter(ctx: StageContext[Number, None]) -> Number:
    """Wait in native code that lets no other thread run."""
    ctx.storage.save("process", str(os.getpid()))
    ctypes.PyDLL(None).sleep(3_600)
    return ctx.input


@bad(timeout=SHORT)
def heeds(ctx: StageContext[Number, None]) -> Number:
    while not ctx.cancelled():
        threading.Event().wait(0.01)
    ctx.storage.save("told", "to stop")
    return ctx.input


@bad(timeout=ENOUGH)
def waits_for_cancel(ctx: StageContext[Number, None]) -> Number:
    ctx.storage.save("process", str(os.getpid()))
    while not ctx.cancelled():
        threading.Event().wait(0.01)
    ctx.storage.save("told", "to stop")
    return ctx.input


@bad(timeout=SHORT)
def stands_still(ctx: StageContext[Number, None]) -> Number:
    ctx.storage.save("process", str(os.getpid()))
    os.kill(os.getpid(), signal.SIGSTOP)
    return ctx.input


@bad(timeout=SHORT)
async def sleeps(ctx: StageContext[Number, None]) -> Number:
    try:
        await asyncio.sleep(3_600)
    finally:
        ctx.storage.save("told", "to stop")
    return ctx.input


@bad(timeout=SHORT)
def prints_for_ever(ctx: StageContext[Number, None]) -> Number:
    while True:
        print("All work and no play makes Jack a dull boy.")


@bad(timeout=ENOUGH)
def leaves_a_printer_behind(ctx: StageContext[Number, None]) -> Number:
    """Crash, and let a process print on that has left the group."""
    if os.fork() == 0:
        os.setsid()
        end = monotonic() + 120
        while monotonic() < end:
            print("still here")
        os._exit(0)
    threading.Event().wait(0.1)
    os._exit(7)


@bad(timeout=ENOUGH)
def prints_much(ctx: StageContext[Number, None]) -> Number:
    print("to one", file=sys.stderr)
    os.write(1, b"to the other\n")
    for nth in range(MANY):
        print("line", nth)
    return ctx.input


@bad(timeout=ENOUGH)
def prints_no_lines(ctx: StageContext[Number, None]) -> Number:
    sys.stdout.write("x" * 20_000)
    return ctx.input


@bad(timeout=ENOUGH)
def returns_a_function(ctx: StageContext[Number, None]) -> Number:
    return lambda: None  # type: ignore[return-value]


@bad(timeout=ENOUGH)
def raises_what_cannot_travel(ctx: StageContext[Number, None]) -> Number:
    raise StubbornError(1, 2)


@bad(timeout=ENOUGH, memory_limit=64)
def takes_too_much(ctx: StageContext[Number, None]) -> Number:
    return Number(value=len(bytearray(1 << 28)))


@bad(timeout=ENOUGH, memory_limit=512)
def takes_what_it_may(ctx: StageContext[Number, None]) -> Number:
    return Number(value=len(bytearray(1 << 28)))


@bad(timeout=ENOUGH)
def closes_everything(ctx: StageContext[Number, None]) -> Number:
    os.closerange(0, 256)
    return ctx.input


@bad(timeout=ENOUGH)
def scribbles(ctx: StageContext[Number, None]) -> Number:
    """Write a message that is none into every socket there is, one of which is the engine's."""
    for descriptor in range(3, 64):
        with suppress(OSError):
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                os.write(descriptor, b"\0\0\0\4junk")
    return ctx.input


@bad(timeout=ENOUGH)
def tells_its_process(ctx: StageContext[Number, None]) -> Number:
    return Number(value=os.getpid())


@bad(timeout=ENOUGH)
def lasts(ctx: StageContext[Number, None]) -> Number:
    """Say who it is, and go on until somebody ends it."""
    ctx.storage.save("process", str(os.getpid()))
    end = monotonic() + 120
    while monotonic() < end:
        threading.Event().wait(0.01)
    return ctx.input


@bad(timeout=ENOUGH)
def sleeps_in_native_code(ctx: StageContext[Number, None]) -> Number:
    """Let no other thread run, and take no signals."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [*signal.Signals])
    child = os.fork()
    if child != 0:
        ctx.storage.save("process", f"{os.getpid()} {child}")
    ctypes.PyDLL(None).sleep(3_600)
    return ctx.input


STAGES: Final = (
    *(crashes, exits, leaves, kills_itself, forks, forks_and_crashes, goes_on_twice),
    *(blocks_signals, never_yields, holds_the_interpreter, heeds, sleeps),
    *(leaves_a_printer_behind, stands_still, waits_for_cancel),
    *(prints_for_ever, prints_much, prints_no_lines, returns_a_function),
    *(raises_what_cannot_travel, takes_too_much, takes_what_it_may, closes_everything),
    *(scribbles,),
    *(tells_its_process, lasts, sleeps_in_native_code),
)
FLOWS: Final = tuple(workflow(one.id, input=Number).pipe(one).build() for one in STAGES)


def load() -> Sequence[Workflow]:
    return (*ALL, *FLOWS)
