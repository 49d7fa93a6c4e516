"""A run with a stage that waits for a call, and the links that it gave out."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from kernel.authoring import Retry, StageContext, Suspend, Workflow, stage, workflow
from kernel.authoring.stage import Stage
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.stage import StageRecord
from kernel.procedures.resume_stage import ResumeStage, ResumeStageResult
from tests.support.workflows import Number, first, left, second
from tests.support.world import World

A_DAY = timedelta(days=1)
BROKEN = Failure.of("REFUSED", "The boss said no.")


@dataclass(kw_only=True)
class Asked:
    """A run in which the stage *ask* waits. *urls* are its links, by attempt."""

    world: World
    run_id: str = ""
    urls: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        return token_in(self.urls[-1])

    @property
    def stage(self) -> StageRecord:
        return self.world.stages(self.run_id)["ask"]

    def answer(self, output: Json = None, **more: Any) -> ResumeStageResult:
        """Call the last link."""
        command = ResumeStage(**{"token": self.token, "output": output, **more})
        return self.world.dispatch(command)


def asks(urls: list[str], **waits: Any) -> Stage[Number, Number]:
    """Return a stage that gives out its link, and waits."""

    @stage(id="ask", retry=Retry(max_attempts=2, first_delay=timedelta(0)))
    def ask(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        urls.append(ctx.callback_url())
        return Suspend(callback=True, **waits)

    return ask


def asking(urls: list[str], **waits: Any) -> Workflow:
    """Return a workflow in which the asking stage is alone in its group."""
    made = workflow("asking", input=Number).pipe(first).pipe(asks(urls, **waits))
    return made.pipe(second).build()


def asking_aside(urls: list[str], **waits: Any) -> Workflow:
    """Return a workflow in which the asking stage has a sibling."""
    return workflow("aside", input=Number).parallel(asks(urls, **waits), left).build()


def asked(world: World, *, aside: bool = False, **waits: Any) -> Asked:
    """Bring a run to where nothing but the call is missing; *aside*: the stage has a sibling."""
    run = Asked(world=world)
    made = (asking_aside if aside else asking)(run.urls, **waits)
    world.learn(made)
    run.run_id = world.create(made.id, {"value": 1})
    world.drain()
    return run


def token_in(url: str) -> str:
    return url.rpartition("/")[2]
