"""Type checkers know what `ctx.ai` gives: mypy reads this file as it reads all others."""

from typing import Any, assert_type

from pydantic import BaseModel

from kernel.authoring import ObjectResult, StageContext, stage


class Verdict(BaseModel):
    score: int


@stage
def judge(ctx: StageContext[Verdict, None]) -> int:
    found = ctx.ai.generate_object("How good?", schema=Verdict, model="m:1")
    assert_type(found.value, Verdict)
    assert_type(ctx.ai.generate_object("", schema=list[int], model="m:1").value, list[int])
    assert_type(ctx.ai.embed("a", model="m:1"), tuple[float, ...])
    assert_type(ctx.ai.embed(["a"], model="m:1"), list[tuple[float, ...]])
    assert_type(ctx.ai.child("again").generate_text("a", model="m:1").text, str)
    return found.value.score


@stage
async def judge_async(ctx: StageContext[Verdict, None]) -> int:
    found = await ctx.ai.aio.generate_object("How good?", schema=Verdict, model="m:1")
    assert_type(found, ObjectResult[Verdict])
    async for piece in ctx.ai.aio.stream_text("a", model="m:1"):
        assert_type(piece, str)
    return found.value.score


def test_what_models_give_is_no_anything() -> None:
    outputs: list[Any] = [judge.output.of, judge_async.output.of]

    assert outputs == [int, int]
