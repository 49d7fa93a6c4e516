"""What the functions are given to run, so that they ask all that there is of language models."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from kernel.authoring import Failed, NotReady, Ready, StageContext, batch_stage, stage, workflow
from kernel.authoring.batches import BatchItem, BatchProgress
from kernel.authoring.verdict import Suspend
from kernel.errors import UnavailableError

MODEL: Final = "bedrock:amazon.nova-lite-v1:0"
# Bedrock takes no fewer.
MANY: Final = 100
AN_HOUR: Final = timedelta(hours=1)


def asked(ctx: StageContext[str, None]) -> str:
    """Ask Bedrock in every way, and two others, who are out of reach."""
    text = ctx.ai.generate_text(ctx.input, model=MODEL, retries=0).text
    streamed = "".join(ctx.ai.stream_text(ctx.input, model=MODEL, retries=0))
    for other in ("openai-chat:gpt-4o", "anthropic:claude-haiku-4-5"):
        with suppress(UnavailableError):
            ctx.ai.generate_text(ctx.input, model=other, retries=0, max_tokens=10)
    return text + streamed


def items() -> Iterator[BatchItem]:
    return (BatchItem(id=f"item-{nth}", prompt=f"Word {nth}") for nth in range(MANY))


class _Batch:
    def execute(self, ctx: StageContext[str, None]) -> Suspend[BatchProgress]:
        return ctx.ai.batch(MODEL).submit(items(), max_wait=AN_HOUR, at_deadline="direct")

    def check(
        self, ctx: StageContext[str, None], state: BatchProgress
    ) -> Ready[int] | NotReady | Failed:
        found: Any = ctx.ai.batch(MODEL).check(state)
        if isinstance(found, NotReady | Failed):
            return found
        return Ready(len(found.by_id()))


@stage
def ask(ctx: StageContext[str, None]) -> str:
    return asked(ctx)


@stage(id="ask", queue="heavy")
def heavy_ask(ctx: StageContext[str, None]) -> str:
    return asked(ctx)


@batch_stage(id="batch")
class Batch(_Batch):
    pass


@batch_stage(id="batch", queue="heavy")
class HeavyBatch(_Batch):
    pass


asking = workflow("asking", input=str).pipe(ask).pipe(Batch).build()
heavy_asking = workflow("heavy-asking", input=str).pipe(heavy_ask).pipe(HeavyBatch).build()
