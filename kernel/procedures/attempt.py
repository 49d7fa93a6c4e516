"""Running the code of one attempt, or of one poll: whatever comes of it becomes a verdict."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from kernel.errors import BudgetExceededError
from kernel.model.annotation import Annotation
from kernel.model.json import Json
from kernel.model.materials import Materials
from kernel.model.verdict import Skipped, Suspending, Verdict
from kernel.payloads import fetch
from kernel.ports.executor import BodyStoppedError, BodyTimeoutError
from kernel.ports.logbook import Level, LogEntry
from kernel.procedures.allowance import CutOffError
from kernel.procedures.job import Job
from kernel.procedures.materials import gather
from kernel.procedures.stage_context import JobContext
from kernel.procedures.verdicts import of_body, of_error, of_refusal, of_stop, trace

_TOLD: Final = "The body was told that its process is to end, and ended."


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What it came to. *config* is the run's, as far as it was got; it goes with the next bell."""

    verdict: Verdict
    annotations: tuple[Annotation, ...] = ()
    config: Mapping[str, Json] | None = None


def attempt(job: Job, payload: Mapping[str, Json] | None) -> Attempt:
    """Run the body of the stage that *job* holds."""
    annotations: list[Annotation] = []
    materials: Materials | None = None
    try:
        materials = gather(job.kernel.ports, job.stage, payload)
        verdict = _verdict(job, JobContext(job, materials, annotations))
    except BodyStoppedError as error:
        verdict = of_stop(error)
    except BudgetExceededError as error:
        log_failure(job, error)
        verdict = of_refusal(job, error)
    except Exception as error:  # noqa: BLE001 - whatever a stage raises is the stage's failure
        log_failure(job, error)
        verdict = of_error(error)
    return Attempt(
        verdict=verdict,
        annotations=tuple(annotations),
        config=materials.config if materials else None,
    )


def log_failure(job: Job, error: Exception) -> None:
    """Keep the traceback for whoever looks for the reason; the record keeps one sentence."""
    fields: dict[str, Json] = {
        "run_id": job.stage.run_id,
        "stage_id": job.stage.id,
        "generation": job.stage.generation,
        "attempt": job.stage.attempt,
        "traceback": trace(error),
    }
    message = f"Stage {job.stage.id!r} failed: {error}"
    job.kernel.ports.logbook.write(LogEntry(level=Level.ERROR, message=message, fields=fields))


def _verdict(job: Job, context: JobContext) -> Verdict:
    context.check()
    definition, when = job.definition, job.definition.when
    if when is not None and not carried_out(job, context, lambda: when(context)):
        return Skipped()
    verdict = of_body(job, carried_out(job, context, lambda: definition.execute(context)))
    if isinstance(verdict, Suspending) and verdict.callback:
        return replace(verdict, callback_digest=context.callback_digest)
    return verdict


def carried_out(job: Job, context: JobContext, code: Callable[[], Any]) -> Any:
    """Return what the stage's own *code* returns.

    Raises:
        CutOffError: It did not end in its time, or in that of the process.
        BodyStoppedError: It was stopped; or it was told to stop, and what it came to is half done.
        Exception: Whatever it raised.
    """
    executor, within = job.kernel.ports.executor, context.remaining()
    try:
        returned = executor.run(code, of=job.attempt_key, within=within, pulse=job.pulse)
    except BodyTimeoutError as error:
        raise CutOffError(job.allowance.exceeded()) from error
    except Exception as error:
        if context.told_to_stop:
            raise BodyStoppedError(_TOLD) from error
        raise
    if context.told_to_stop:
        raise BodyStoppedError(_TOLD)
    return returned


def state_of(job: Job) -> object:
    """Return the state that the stage left when it suspended, as its author knows it."""
    waits = job.stage.suspension
    if waits is None or waits.state is None:
        return None
    value = fetch(job.kernel.ports.blobs, waits.state)
    return job.definition.state.parse(value) if job.definition.state else value
