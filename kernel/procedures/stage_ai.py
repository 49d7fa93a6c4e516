"""The `ctx.ai` that a stage really gets."""

from kernel.ai.desk import Desk
from kernel.ai.helper import AIHelper
from kernel.ai.keeping import Keeping
from kernel.ai.private import OwnModels, OwnPrices
from kernel.ai.topics import of_stage
from kernel.procedures.job import Job
from kernel.procedures.job_ledger import JobLedger


def helper_of(job: Job) -> AIHelper:
    """Return the helper for one attempt, or one poll, with the bill of its run."""
    ports, policy, own = job.kernel.ports, job.kernel.policy, job.workflow.models
    desk = Desk(
        models=OwnModels(own, ports.models),
        prices=OwnPrices(own, ports.prices),
        ledger=JobLedger(job),
        clock=ports.clock,
        entropy=ports.entropy,
        deadline=job.deadline,
        keeping=Keeping(keeps=policy.keeps_prompts, redactions=policy.redactions),
    )
    return AIHelper(of_stage(job.workflow.id, job.stage.id), desk)
