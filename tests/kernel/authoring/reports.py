"""A small workflow and its types, for the tests about authoring."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from kernel.authoring import (
    Failed,
    NotReady,
    Ready,
    Stage,
    StageContext,
    Suspend,
    WorkflowBuilder,
    batch_stage,
    stage,
    workflow,
)
from kernel.errors import DefinitionError, RejectedError


class Document(BaseModel):
    url: str


class Words(BaseModel):
    words: list[str]


class Count(BaseModel):
    count: int


class Labels(BaseModel):
    labels: list[str]


class Ticket(BaseModel):
    number: int


class Counted(BaseModel):
    count: Count
    classify: Labels


class SplitConfig(BaseModel):
    lowercase: bool = True
    limit: int = 100


@stage
def split(ctx: StageContext[Document, SplitConfig]) -> Words:
    return Words(words=ctx.input.url.split("/"))


@stage
def count(ctx: StageContext[Words, None]) -> Count:
    return Count(count=len(ctx.input.words))


@batch_stage
class Classify:
    def execute(self, ctx: StageContext[Words, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=len(ctx.input.words)))

    def check(
        self, ctx: StageContext[Words, None], state: Ticket
    ) -> Ready[Labels] | NotReady | Failed:
        return Ready(Labels(labels=[str(state.number)]))


@stage
def summarise(ctx: StageContext[Counted, None]) -> str:
    return f"{ctx.input.count.count} words, {len(ctx.input.classify.labels)} labels"


def problems_of(builder: WorkflowBuilder[Any]) -> list[str]:
    return problems_in(builder.build, DefinitionError)


def problems_in(
    call: Callable[[], object], kind: type[RejectedError] = RejectedError
) -> list[str]:
    with pytest.raises(kind) as caught:
        call()
    problems = caught.value.context["problems"]
    assert isinstance(problems, list)
    return problems


START = workflow("reports", input=Document)


def a_stage(
    stage_id: Any, takes: Any = None, gives: Any = None, *, config: Any = None, **options: Any
) -> Stage[Any, Any]:
    def body(ctx: Any) -> Any: ...

    body.__annotations__ = {"ctx": StageContext[takes, config], "return": gives}
    made: Callable[[Any], Stage[Any, Any]] = stage(id=stage_id, **options)
    return made(body)
