"""Workflows that leave something of every kind behind them."""

from datetime import timedelta
from typing import Final

from pydantic import BaseModel

from kernel.authoring import Completed, StageContext, Suspend, stage, workflow

A_YEAR: Final = timedelta(days=366)


class Page(BaseModel):
    """Text of any length."""

    text: str


class Pages(BaseModel):
    left: Page
    right: Page


@stage
def left(ctx: StageContext[Page, None]) -> Completed[Page]:
    ctx.annotate("side", "left")
    ctx.storage.save("scratch.txt", "scribbled")
    return Completed(ctx.input, artifacts={"page.txt": ctx.input.text})


@stage
def right(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


@stage
def bind(ctx: StageContext[Pages, None]) -> Page:
    return Page(text=ctx.input.left.text + ctx.input.right.text)


@stage
def await_answer(ctx: StageContext[Page, None]) -> Suspend[Page] | Page:
    ctx.storage.save("link.txt", ctx.callback_url())
    return Suspend(ctx.input, callback=True, max_wait=A_YEAR)


@stage
def whole(ctx: StageContext[Page, None]) -> Page:
    return Page(text=ctx.require(left).text)


leaving = workflow("leaving", input=Page).parallel(left, right).pipe(bind).build()
waiting = workflow("waiting", input=Page).pipe(left).pipe(await_answer).pipe(whole).build()
