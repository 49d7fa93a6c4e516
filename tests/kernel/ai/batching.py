"""One stage with its batch, outside of any engine, and a provider that keeps to a script."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from adapters.memory import MemoryBlobStore, MemoryCallLog, ScriptedBatches, SkippingClock
from adapters.memory.batch_model import USAGE, Said, echo
from kernel.ai.batch_ground import Asked, BatchGround
from kernel.ai.batches import JobBatch
from kernel.authoring import Failed, NotReady
from kernel.authoring.batches import (
    BatchItem,
    BatchProgress,
    BatchResults,
    ItemSucceeded,
)
from kernel.model.call import ModelCall
from kernel.model.message import ModelReply, ModelRequest, Text, Usage
from kernel.ports.price_book import Price

MODEL = "scripted:one"
AN_HOUR = timedelta(hours=1)


class CentsBook:
    """A cent a request, and half of it in a batch."""

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        cost = Decimal("0.005") if batch else Decimal("0.01")
        return Price(cost=cost, input_rate=Decimal(1), output_rate=Decimal(2), version="v1")


class CountingLog(MemoryCallLog):
    """A call log that knows how often it was changed by a settlement."""

    settled = 0

    def settle(self, call: ModelCall) -> None:
        before = self.calls
        super().settle(call)
        self.settled += self.calls != before


@dataclass
class Place:
    """One stage with its provider, in the hands of one attempt or poll after the other."""

    script: dict[str, Any] = field(default_factory=dict)
    clock: SkippingClock = field(default_factory=SkippingClock)
    blobs: MemoryBlobStore = field(default_factory=MemoryBlobStore)
    asked: list[str] = field(default_factory=list)
    writers: int = 0

    def __post_init__(self) -> None:
        self.provider = ScriptedBatches(clock=self.clock, **self.script)
        self.ledger = CountingLog(self.clock)

    @property
    def batch(self) -> JobBatch:
        self.writers += 1
        ground = BatchGround(
            run_id="run-1",
            stage_id="batch",
            generation=0,
            writer=f"1-{self.writers}",
            topic="workflow.flow.stage.batch",
            deadline=self.clock.now() + timedelta(minutes=1),
            blobs=self.blobs,
            batches=self.provider,
            prices=CentsBook(),
            ledger=self.ledger,
            clock=self.clock,
            ask=self.ask,
        )
        return JobBatch(ground, MODEL)

    def ask(self, request: ModelRequest) -> Asked:
        said = echo(request)
        self.asked.append(said)
        reply = ModelReply(parts=(Text(text=f"direct {said}"),), usage=USAGE)
        return Asked(reply=reply, cost=Decimal("0.01"))

    def submit(self, *prompts: str, **more: Any) -> BatchProgress:
        return self.batch.submit(items(*prompts), **more).state

    def finish(self, state: BatchProgress, schema: Any = None) -> BatchResults[Any] | Failed:
        for _ in range(200):
            found = self.batch.check(state, schema=schema)
            if not isinstance(found, NotReady):
                return found
            self.clock.sleep(found.check_in or timedelta(minutes=1))
        raise AssertionError("It never ends.")


def items(*prompts: str, schema: Any = None) -> list[BatchItem]:
    return [BatchItem(id=prompt, prompt=prompt, schema=schema) for prompt in prompts]


def told(found: BatchResults[Any] | Failed) -> dict[str, Any]:
    assert isinstance(found, BatchResults)
    return {
        result.id: result.value if isinstance(result, ItemSucceeded) else result.error.code
        for result in found
    }


class Turns:
    """Says something else each time that it is asked the same."""

    def __init__(self, **said: Sequence[Any]) -> None:
        self._said = {prompt: iter(turns) for prompt, turns in said.items()}

    def __call__(self, request: ModelRequest) -> Said | Sequence[Said]:
        turns = self._said.get(echo(request))
        return echo(request) if turns is None else next(turns)
