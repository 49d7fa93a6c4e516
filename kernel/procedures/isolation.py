"""A stage's code in a process of its own: what goes there, and what comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from kernel.dispatch import Kernel
from kernel.model.json import Json
from kernel.model.lease import Lease
from kernel.model.stage import StageRecord
from kernel.ports.executor import BodyTimeoutError
from kernel.ports.persistence import Standing
from kernel.ports.sandbox import Confines
from kernel.procedures.allowance import Allowance, CutOffError
from kernel.procedures.attempt import Attempt, attempt, log_failure
from kernel.procedures.job import Job
from kernel.procedures.verdicts import of_error

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Errand:
    """A job as it can be pickled: without the kernel and the definition, which are there too.

    Args:
        payload: What the bell carried.
    """

    standing: Standing
    token: str
    allowance: Allowance
    deadline: datetime
    held_by: Callable[[StageRecord], Lease | None]
    payload: Mapping[str, Json] | None = None

    def job(self, kernel: Kernel) -> Job:
        """Return the job for the kernel of this process.

        Raises:
            NotFoundError: It does not know the stage.
        """
        stage = self.standing.stage
        workflow = kernel.ports.registry.workflow(stage.workflow_id)
        return Job(
            kernel=kernel,
            workflow=workflow,
            definition=workflow.stage(stage.id),
            standing=self.standing,
            token=self.token,
            allowance=self.allowance,
            deadline=self.deadline,
            held_by=self.held_by,
        )


def attempted(job: Job, payload: Mapping[str, Json] | None) -> Attempt:
    """Run the body of the stage that *job* holds: here, or in a process of its own."""
    if not is_isolated(job):
        return attempt(job, payload)
    try:
        return sent(job, attempt_there, payload)
    except Exception as error:  # noqa: BLE001 - whatever befalls that process is the stage's failure
        log_failure(job, error)
        return Attempt(verdict=of_error(error))


def attempt_there(kernel: Kernel, errand: Errand) -> Attempt:
    """Run the body in this process, which is there for it alone."""
    return attempt(errand.job(kernel), errand.payload)


def is_isolated(job: Job) -> bool:
    """Whether the stage's code runs in a process of its own. Where it has a limit, it must."""
    definition = job.definition
    if definition.memory_limit is not None or definition.isolate is None:
        return definition.memory_limit is not None or job.kernel.policy.isolates
    return definition.isolate


def sent(
    job: Job,
    there: Callable[[Kernel, Errand], R],
    payload: Mapping[str, Json] | None = None,
) -> R:
    """Return what *there* makes of the job in a process of its own.

    Raises:
        CutOffError: It did not end in its time, or in that of this process.
        BodyStoppedError: It was stopped before.
        BodyLostError: Its process is gone.
    """
    errand = Errand(
        standing=job.standing,
        token=job.token,
        allowance=job.allowance,
        deadline=job.deadline,
        held_by=job.held_by,
        payload=payload,
    )
    confines = Confines(
        of=job.attempt_key,
        within=job.deadline - job.kernel.ports.clock.now(),
        memory_limit=job.definition.memory_limit,
    )
    try:
        return job.kernel.ports.sandbox.run(there, errand, kernel=job.kernel, confines=confines)
    except BodyTimeoutError as error:
        raise CutOffError(job.allowance.exceeded()) from error
