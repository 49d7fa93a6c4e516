"""What is measured: workflows whose stages take in 1 KB and put out 1 KB."""

from collections.abc import Callable
from datetime import timedelta
from functools import reduce
from typing import Final

from pydantic import BaseModel

from kernel.authoring import (
    NotReady,
    Ready,
    Stage,
    StageContext,
    Suspend,
    Workflow,
    batch_stage,
    stage,
    workflow,
)
from kernel.model.json import canonical

POLL_EVERY: Final = timedelta(minutes=1)
POLLS: Final = 5


class Page(BaseModel):
    text: str


class Ticket(BaseModel):
    """What the provider gave in return."""

    number: int


def page(letter: str) -> Page:
    """Return a page that is 1 KB as JSON."""
    return Page(text=letter * (1024 - len(canonical({"text": ""}))))


def _nothing() -> None:
    """Take no time."""


def rewriting(nth: int, meanwhile: Callable[[], object] = _nothing) -> Stage[Page, Page]:
    @stage(id=f"rewrite_{nth}")
    def rewrite(ctx: StageContext[Page, None]) -> Page:
        meanwhile()
        return page("abcdefghi"[nth % 9])

    return rewrite


@stage
def join(ctx: StageContext[dict[str, Page], None]) -> Page:
    return page("j")


@batch_stage(id="wait")
class Wait:
    """A provider that is ready at every fifth look."""

    asked = 0

    def execute(self, ctx: StageContext[Page, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=7), poll_every=POLL_EVERY)

    def check(self, ctx: StageContext[Page, None], state: Ticket) -> Ready[Page] | NotReady:
        self.asked += 1
        return Ready(page("w")) if self.asked % POLLS == 0 else NotReady()


def sequential(stages: int, meanwhile: Callable[[], object] = _nothing) -> Workflow:
    """Return so many stages; *meanwhile* happens while the body of each one runs."""
    made = (rewriting(nth, meanwhile) for nth in range(stages))
    begun = workflow(f"sequential_{stages}", input=Page)
    return reduce(lambda built, stage_: built.pipe(stage_), made, begun).build()


def parallel(siblings: int) -> Workflow:
    begun = workflow(f"parallel_{siblings}", input=Page).pipe(rewriting(0))
    side_by_side = [rewriting(nth) for nth in range(1, siblings + 1)]
    return begun.parallel(*side_by_side).pipe(join).build()


def waiting() -> Workflow:
    return workflow("waiting", input=Page).pipe(rewriting(0)).pipe(Wait).build()
