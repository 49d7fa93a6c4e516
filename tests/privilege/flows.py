"""What the functions are given to run, so that each of them does all that it ever does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from pydantic import BaseModel

from kernel.authoring import (
    Completed,
    Fatal,
    NotReady,
    PrivateModel,
    Ready,
    Retry,
    RetryAfter,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)

# Longer than SQS can hold a bell back.
AN_HOUR: Final = timedelta(hours=1)
A_YEAR: Final = timedelta(days=365)
# Too long for a bell, so whoever is rung for has to fetch it.
LONG: Final = {"text": "long " * 12_000}

# What happens while the next body works.
meanwhile: Final[list[Callable[[], object]]] = []


# It is asked of nobody, and on the bill as any other.
ECHO: Final = PrivateModel(name="offline:echo", answer=lambda _: "so it is")


class Page(BaseModel):
    text: str = ""


class Sides(BaseModel):
    front: Page
    back: Page


@stage
def draft(ctx: StageContext[Page, None]) -> Completed[Page]:
    ctx.annotate("draft", ctx.attempt)
    ctx.progress(0.5, "half of it is written")
    if not ctx.storage.exists("notes"):
        ctx.storage.save("notes", ctx.input.text)
    notes = ctx.storage.load("notes").decode()
    for name in ctx.storage.names():
        ctx.storage.delete(name)
    return Completed(Page(text=notes), artifacts={"draft.txt": notes})


@stage
def front(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


@stage
def back(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


@stage
def bind(ctx: StageContext[Sides, None]) -> Page:
    return Page(text=ctx.input.front.text + ctx.require(back).text)


@batch_stage
class Print:
    """Printed when it is asked for the second time."""

    def execute(self, ctx: StageContext[Page, None]) -> Suspend[Page]:
        return Suspend(ctx.input, poll_every=AN_HOUR)

    def check(self, ctx: StageContext[Page, None], state: Page) -> Ready[Page] | NotReady:
        if ctx.storage.exists("asked"):
            return Ready(state)
        ctx.storage.save("asked", b"")
        return NotReady()


@stage
def ask(ctx: StageContext[Page, None]) -> Suspend[None] | Page:
    ctx.storage.save("link", ctx.callback_url())
    return Suspend(callback=True)


@stage
def rest(ctx: StageContext[Page, None]) -> Page:
    if ctx.attempt == 1:
        raise RetryAfter(AN_HOUR)
    return ctx.input


@stage(queue="heavy")
def haul(ctx: StageContext[Page, None]) -> Page:
    if ctx.attempt == 1:
        raise RetryAfter(AN_HOUR)
    ctx.annotate("haul", ctx.attempt)
    ctx.ai.generate_text("Is it heavy?", model=ECHO.name)
    if not ctx.storage.exists("notes"):
        ctx.storage.save("notes", ctx.input.text)
    notes = ctx.storage.load("notes").decode()
    ctx.storage.delete("notes")
    return Page(text=notes)


@stage(id="front", queue="heavy")
def heavy_front(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


@stage(id="back", queue="heavy")
def heavy_back(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


@stage
def weigh(ctx: StageContext[Sides, None]) -> int:
    return len(ctx.input.front.text + ctx.input.back.text)


@stage
def begin(ctx: StageContext[Page, None]) -> Page:
    ctx.ai.generate_text("Is it light?", model=ECHO.name)
    return ctx.input


@stage
def refuse(ctx: StageContext[Page, None]) -> Page:
    raise Fatal("It will never be printed.")


@stage(retry=Retry(max_attempts=2, first_delay=A_YEAR, max_delay=A_YEAR))
def dawdle(ctx: StageContext[Page, None]) -> Page:
    if meanwhile:
        meanwhile.pop()()
    ctx.storage.save("late", b"")
    return ctx.input


book = workflow("book", input=Page).pipe(draft).parallel(front, back).pipe(bind).build()
prints = workflow("prints", input=Page).pipe(Print).build()
letter = workflow("letter", input=Page, output=dict[str, Page]).parallel(front, ask).build()
hauling = (
    workflow("hauling", input=Page)
    .register_models(ECHO)
    .pipe(begin)
    .pipe(haul)
    .parallel(heavy_front, heavy_back)
    .pipe(weigh)
    .build()
)
parcel = workflow("parcel", input=Page).register_models(ECHO).pipe(ask).pipe(haul).build()
resting = workflow("resting", input=Page).pipe(rest).build()
refused = workflow("refused", input=Page).pipe(refuse).build()
dawdling = workflow("dawdling", input=Page).pipe(dawdle).build()
