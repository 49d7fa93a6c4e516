"""Annotations that are only text until a workflow is built."""

from __future__ import annotations

from pydantic import BaseModel

from kernel.authoring import (
    Completed,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)
from tests.kernel.authoring.reports import Document, problems_of


@stage
def early(ctx: StageContext[Document, LaterConfig]) -> Completed[Later] | Suspend[None]:
    return Completed(Later(number=ctx.config.number))


@stage
async def after(ctx: StageContext[Later, None]) -> int:
    return ctx.input.number


@batch_stage
class Slow:
    def execute(self, ctx: StageContext[int, None]) -> Suspend[Later]:
        return Suspend(Later(number=1))

    def check(self, ctx: StageContext[int, None], state: Later) -> Ready[Later]:
        return Ready(state)


class LaterConfig(BaseModel):
    number: int = 1


class Later(BaseModel):
    number: int


def test_a_stage_may_name_what_comes_later_in_its_module() -> None:
    built = workflow("text", input=Document).pipe(early).pipe(after).pipe(Slow).build()

    assert built.stage("early").output.of is Later
    assert built.stage("after").output.of is int
    assert built.stage("slow").output.of is Later
    assert built.default_config() == {"early": {"number": 1}}


def test_a_type_that_is_local_to_a_function_is_a_problem_and_no_crash() -> None:
    class Local(BaseModel):
        number: int

    @stage
    def lost(ctx: StageContext[Document, None]) -> Local:
        return Local(number=1)

    [problem] = problems_of(workflow("text", input=Document).pipe(lost))
    assert problem == (
        f"stage 'lost': the annotations of `lost` name Local, which {__name__} does not define at "
        "its top; move it there, for annotations are read after the function was made"
    )
