"""The `ctx.ai` that a stage really gets."""

from kernel.ai.asking import AIHelper, Batching
from kernel.ai.batch_ground import Asked, BatchGround
from kernel.ai.batches import JobBatch
from kernel.ai.desk import Desk, Effort
from kernel.ai.keeping import Keeping
from kernel.ai.private import OwnModels, OwnPrices
from kernel.ai.private_batches import OwnBatches
from kernel.ai.topics import of_stage
from kernel.model.call import CallKind
from kernel.model.message import ModelRequest
from kernel.procedures.job import Job
from kernel.procedures.job_ledger import JobLedger


def helper_of(job: Job) -> AIHelper:
    """Return the helper for one attempt, or one poll, with the bill of its run."""
    ports, policy, own = job.kernel.ports, job.kernel.policy, job.workflow.models
    models = OwnModels(own, ports.models)
    desk = Desk(
        models=models,
        prices=OwnPrices(own, ports.prices),
        ledger=JobLedger(job),
        clock=ports.clock,
        entropy=ports.entropy,
        deadline=job.deadline,
        keeping=Keeping(keeps=policy.keeps_prompts, redactions=policy.redactions),
    )
    topic = of_stage(job.workflow.id, job.stage.id)
    key = job.attempt_key
    return AIHelper(
        topic,
        desk,
        batching=_batching(job, desk, models),
        aside=lambda call: ports.executor.aside(call, of=key),
    )


def _batching(job: Job, desk: Desk, models: OwnModels) -> Batching:
    ports, stage = job.kernel.ports, job.stage
    batches = OwnBatches(
        job.workflow.models,
        models,
        ports.batches,
        blobs=ports.blobs,
        clock=ports.clock,
        prefix=f"runs/{stage.run_id}/{stage.id}/{stage.generation}/own-batches/",
    )

    def batch(topic: str, model: str) -> JobBatch:
        def ask(request: ModelRequest) -> Asked:
            made = desk.complete(topic, request, kind=CallKind.TEXT, effort=Effort())
            return Asked(reply=made.reply, cost=made.cost)

        ground = BatchGround(
            run_id=stage.run_id,
            stage_id=stage.id,
            generation=stage.generation,
            writer=f"{stage.attempt}-{job.poll_no}",
            topic=topic,
            deadline=job.deadline,
            blobs=ports.blobs,
            batches=batches,
            prices=desk.prices,
            ledger=desk.ledger,
            clock=ports.clock,
            ask=ask,
        )
        return JobBatch(ground, model)

    return batch
