"""A transport that goes quiet, and bodies that wait: what a worker that stays has to live with."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from adapters.memory import MemoryJobTransport
from functions.worker_host import WorkerHost
from kernel.authoring import StageContext, Workflow, stage, workflow
from kernel.errors import UnavailableError
from kernel.ports.job_transport import Delivery
from tests.support.world import World

ENOUGH: Final = timedelta(seconds=30)
AN_INSTANT: Final = timedelta(milliseconds=50)

Worker: TypeAlias = Callable[..., WorkerHost]


class Word(BaseModel):
    text: str


class Moody(MemoryJobTransport):
    """A transport that does not answer the next *silent* requests; *asked* counts all."""

    silent = 0
    asked = 0

    def receive(self, *, limit: int = 1, queue: str | None = None) -> Sequence[Delivery]:
        self.asked += 1
        if self.silent:
            self.silent -= 1
            raise UnavailableError("The queue does not answer.")
        return super().receive(limit=limit, queue=queue)


@dataclass(kw_only=True)
class Gate:
    """Where bodies wait. *arrivals* counts them."""

    opened: threading.Event = field(default_factory=threading.Event)
    arrivals: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def arrived(self, count: int = 1) -> bool:
        """Return whether *count* more bodies get here in time."""
        return all(self.arrivals.acquire(timeout=ENOUGH.total_seconds()) for _ in range(count))

    def pass_through(self) -> None:
        self.arrivals.release()
        self.opened.wait(ENOUGH.total_seconds())

    def workflow(self, name: str, *, queue: str | None = None, **options: Any) -> Workflow:
        @stage(id="body", queue=queue, **options)
        def body(ctx: StageContext[Word, None]) -> Word:
            self.pass_through()
            return ctx.input

        return workflow(name, input=Word).pipe(body).build()


def is_over(world: World, run_id: str) -> bool:
    return world.run(run_id).status.is_terminal
