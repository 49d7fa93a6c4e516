"""What a stage's code says, turn by turn, so that tests need no branches."""

from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from kernel.authoring import StageContext, stage, workflow
from kernel.model.json import Json

T = TypeVar("T")


class Turns(Generic[T]):
    """Gives one answer a turn, the last one for ever; an exception is raised instead."""

    def __init__(self, *answers: T | BaseException) -> None:
        self._answers = list(answers)
        self.taken = 0

    def take(self) -> T:
        answer = self._answers[min(self.taken, len(self._answers) - 1)]
        self.taken += 1
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Page(BaseModel):
    """Text of any length."""

    text: str


LONG_PAGE: Final[dict[str, Json]] = {"text": "long " * 1_000}


@stage
def echo(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


@stage
def again(ctx: StageContext[Page, None]) -> Page:
    return ctx.input


pages = workflow("pages", input=Page, output=Page).pipe(echo).pipe(again).build()
