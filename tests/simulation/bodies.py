"""Stages that do what their config says, turn by turn, and leave a mark that tells who made it."""

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from kernel.authoring import (
    Completed,
    Failed,
    Fatal,
    NotReady,
    Ready,
    RetryAfter,
    StageContext,
    Suspend,
    batch_stage,
    stage,
)
from kernel.authoring.stage import Stage
from kernel.authoring.verdict import Retry
from kernel.errors import UnavailableError
from kernel.model.json import Json

HALF_DONE: Final = "half done"
LONG: Final = "long " * 1_000


class Turns(BaseModel):
    """What a stage does.

    Args:
        wanted: What `when` says.
        turns: What each attempt does, a generation later the next; the last one is for ever.
        polls: What each poll says; the last one is for ever.
        asks: It asks whether it is still wanted, and hurries where it is not.
        chatty: How often it says how far it is.
        poll_every: In seconds; the same for *max_wait*.
    """

    wanted: bool = True
    turns: list[str] = ["done"]
    polls: list[str] = ["ready"]
    asks: bool = False
    chatty: int = 0
    poll_every: int = 60
    max_wait: int = 1_800


def turn(turns: Sequence[str], number: int) -> str:
    """Return the turn of that *number*, from 1."""
    return turns[min(number, len(turns)) - 1]


def marks(value: Any) -> Json:
    """Return the marks in what a stage was given, without what they were given themselves."""
    if isinstance(value, dict):
        return value["mark"] if "mark" in value else {k: marks(v) for k, v in value.items()}
    return value if isinstance(value, int | str) else None


def made(ctx: Any, *, long: bool = False) -> dict[str, Json]:
    mark = f"{ctx.stage_id}:{ctx.generation}:{ctx.attempt}"
    return {"mark": mark, "given": marks(ctx.input), **({"padding": LONG} if long else {})}


def perform(ctx: Any) -> Any:
    """Take this attempt's turn."""
    for nth in range(ctx.config.chatty):
        ctx.progress(nth / 10, "so far")
        ctx.annotate(f"note-{nth}", ctx.attempt)
    if ctx.config.asks and ctx.cancelled():
        return Completed({"mark": HALF_DONE})
    word, _, number = turn(ctx.config.turns, ctx.attempt + ctx.generation).partition(":")
    complain(word, number)
    return Completed(made(ctx, long=word == "long"))


def complain(word: str, number: str) -> None:
    match word:
        case "fatal":
            raise Fatal("never")
        case "after":
            raise RetryAfter(timedelta(seconds=int(number)))
        case "stumble":
            raise UnavailableError("The provider does not answer.")
        case "raise":
            raise RuntimeError("no luck")


def _body(ctx: StageContext[Any, Turns]) -> Completed[Any]:
    result: Completed[Any] = perform(ctx)
    return result


class Waiter:
    def execute(self, ctx: StageContext[Any, Turns]) -> Suspend[str] | Completed[Any]:
        word, _, number = turn(ctx.config.turns, ctx.attempt + ctx.generation).partition(":")
        if word != "wait":
            result: Completed[Any] = perform(ctx)
            return result
        complain(word, number)
        ctx.storage.save("polls", "0")
        return Suspend(
            ctx.stage_id,
            poll_every=timedelta(seconds=ctx.config.poll_every),
            max_wait=timedelta(seconds=ctx.config.max_wait),
        )

    def check(self, ctx: StageContext[Any, Turns], state: str) -> Ready[Any] | NotReady | Failed:
        number = int(ctx.storage.load("polls")) + 1
        ctx.storage.save("polls", str(number))
        word, _, seconds = turn(ctx.config.polls, number).partition(":")
        complain(word, seconds)
        match word:
            case "wait":
                return NotReady(timedelta(seconds=int(seconds)) if seconds else None)
            case "failed":
                return Failed("The provider gave up.")
            case "again":
                return Failed("The provider lost it.", retryable=True)
            case _:
                return Ready(made(ctx))


def _call(ctx: StageContext[Any, Turns]) -> Suspend[None] | Completed[Any]:
    word, _, number = turn(ctx.config.turns, ctx.attempt + ctx.generation).partition(":")
    if word != "wait":
        result: Completed[Any] = perform(ctx)
        return result
    complain(word, number)
    ctx.storage.save("link", {"url": ctx.callback_url(), "output": made(ctx)})
    return Suspend(callback=True, max_wait=timedelta(seconds=ctx.config.max_wait))


def _is_wanted(ctx: StageContext[Any, Any]) -> bool:
    wanted: bool = ctx.config.wanted
    return wanted


@cache
def plain(id_: str, attempts: int) -> Stage[Any, Any]:
    return stage(id=id_, retry=retry(attempts))(_body)


@cache
def conditional(id_: str, attempts: int) -> Stage[Any, Any]:
    return stage(id=id_, retry=retry(attempts), when=_is_wanted)(_body)


@cache
def polled(id_: str, attempts: int) -> Stage[Any, Any]:
    return batch_stage(id=id_, retry=retry(attempts))(Waiter)


@cache
def called(id_: str, attempts: int) -> Stage[Any, Any]:
    return stage(id=id_, retry=retry(attempts))(_call)


def retry(attempts: int) -> Retry:
    return Retry(max_attempts=attempts, max_delay=timedelta(minutes=2))
