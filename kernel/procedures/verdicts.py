"""From what an author's code returned or raised to a verdict that can be committed."""

import traceback
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from kernel.authoring.verdict import Completed, Failed, Fatal, NotReady, Ready, RetryAfter, Suspend
from kernel.errors import (
    AnswerMisfitError,
    BudgetExceededError,
    InvalidOutputError,
    RejectedError,
    UnavailableError,
)
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.money import nanos
from kernel.model.payload import Artifact, Payload
from kernel.model.stage import Result
from kernel.model.verdict import Erred, PollVerdict, Succeeded, Suspending, Verdict, Waiting
from kernel.payloads import keep
from kernel.ports.executor import BodyStoppedError
from kernel.ports.sandbox import BodyLostError
from kernel.procedures.allowance import CutOffError
from kernel.procedures.job import Job
from kernel.procedures.stage_storage import LONGEST_NAME, checked, encode

MOST_METRICS: Final = 100


def of_body(job: Job, returned: Any) -> Verdict:
    """Return the verdict on what `execute` returned; its payloads are stored by then.

    Raises:
        InvalidOutputError: It is not what the stage declared.
        UnavailableError: The blob store did not answer.
    """
    if isinstance(returned, Suspend):
        return Suspending(
            state=_state(job, returned.state),
            poll_every=returned.poll_every,
            max_wait=returned.max_wait,
            callback=returned.callback,
        )
    if isinstance(returned, Completed):
        return _succeeded(job, returned.output, returned.metrics, returned.artifacts)
    return _succeeded(job, returned, None, None)


def of_check(job: Job, returned: Any) -> PollVerdict:
    """Return the verdict on what `check` returned; it raises what `of_body` does."""
    match returned:
        case Ready():
            return _succeeded(job, returned.output, returned.metrics, returned.artifacts)
        case NotReady():
            return Waiting(check_in=returned.check_in)
        case Failed():
            return Erred(
                failure=Failure.of(returned.code, returned.error, retryable=returned.retryable)
            )
        case _:
            message = (
                f"The check of stage {job.stage.id!r} returned {type(returned).__name__};"
                " it must return Ready, NotReady or Failed."
            )
            raise InvalidOutputError(message, problems=[message])


def of_error(error: Exception) -> Erred:
    """Return the verdict on what the code raised: whose fault it is, and whether to try again."""
    match error:
        case RetryAfter():
            failure = Failure.of("RETRY_AFTER", _words(error), retryable=True)
            return Erred(failure=failure, delay=error.delay)
        case UnavailableError():
            failure = Failure.of(error.code, error.message, retryable=True)
            return Erred(failure=failure, stumbled=True)
        case _:
            return Erred(failure=_failure(error))


def of_refusal(job: Job, error: BudgetExceededError) -> Erred | Suspending:
    """Return the verdict on a body whose call the budget refused, as its workflow wants it."""
    asks, wanted = job.workflow.asks, wanted_of(error)
    if asks is None or wanted is None:
        return of_error(error)
    return Suspending(
        state=job.stage.resume_state,
        poll_every=job.kernel.policy.budget_every,
        max_wait=asks,
        wanted=wanted,
        paused=True,
    )


def wanted_of(error: BudgetExceededError) -> int | None:
    """Return what the refused call may come to, in nanodollars; None where none was refused."""
    wanted = error.context.get("wanted")
    return nanos(Decimal(wanted)) if isinstance(wanted, str) else None


def of_stop(error: BodyStoppedError) -> Erred:
    """Return the verdict on a body that was stopped: another worker begins it anew, at once."""
    message = f"The worker stopped before the attempt was done. {error}"
    failure = Failure.of("WORKER_STOPPED", message, retryable=True)
    return Erred(failure=failure, delay=timedelta(), stumbled=True)


def _failure(error: Exception) -> Failure:
    match error:
        case Fatal():
            return Failure.of("FATAL", _words(error))
        case CutOffError():
            return error.failure
        case RejectedError() | AnswerMisfitError():
            retryable = isinstance(error, AnswerMisfitError)
            return Failure.of(error.code, error.message, retryable=retryable)
        case BodyLostError() | MemoryError():
            return _lost(error)
        case _:
            message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            return Failure.of("STAGE_ERROR", message, retryable=True)


def _lost(error: BodyLostError | MemoryError) -> Failure:
    if isinstance(error, BodyLostError):
        return Failure.of("BODY_LOST", _words(error), retryable=True)
    message = "The stage's code needed more memory than its process may have."
    return Failure.of("MEMORY_LIMIT", message, retryable=True)


def trace(error: Exception) -> str:
    """Return the traceback as text, for the logbook."""
    return "".join(traceback.format_exception(error))[-8_000:]


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _succeeded(
    job: Job,
    value: Any,
    metrics: Mapping[str, float] | None,
    artifacts: Mapping[str, Any] | None,
) -> Succeeded:
    output = job.definition.output.dump(value)
    files = tuple(_artifact(job, name, file) for name, file in (artifacts or {}).items())
    if len(files) > job.kernel.policy.artifact_limit:
        limit = job.kernel.policy.artifact_limit
        message = f"Stage {job.stage.id!r} leaves {len(files)} artifacts; the most is {limit}."
        raise InvalidOutputError(message, problems=[message])
    kept = _kept(job, output, "output.json")
    result = Result(output=kept, artifacts=files, metrics=_numbers(job, metrics or {}))
    return Succeeded(result=result, output=output)


def _numbers(job: Job, metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return *metrics*, which stay in the record and so must be few."""
    wrong = [name for name, value in metrics.items() if not _is_number(value)]
    if wrong:
        message = f"Stage {job.stage.id!r} has metrics that are no finite numbers: {wrong}."
        raise InvalidOutputError(message, problems=[message])
    if len(metrics) > MOST_METRICS or not all(map(_is_name, metrics)):
        message = (
            f"Stage {job.stage.id!r} has metrics that cannot be kept: give at most {MOST_METRICS},"
            f" with names of 1 to {LONGEST_NAME} characters."
        )
        raise InvalidOutputError(message, problems=[message])
    return dict(metrics)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= LONGEST_NAME


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value)


def _artifact(job: Job, name: str, content: Any) -> Artifact:
    encoded, natural = encode(content)
    key = f"{job.result_prefix}artifacts/{checked(name)}"
    content_type = CONTENT_TYPES.get(name.rpartition(".")[2].lower(), natural)
    job.kernel.ports.blobs.put(key, encoded, content_type=content_type)
    return Artifact(name=name, key=key, content_type=content_type, size=len(encoded))


def _state(job: Job, state: Any) -> Payload | None:
    if state is None:
        return None
    schema = job.definition.state
    value: Json = schema.dump(state) if schema else state
    return _kept(job, value, "state.json")


def _kept(job: Job, value: Json, name: str) -> Payload:
    limit = job.kernel.policy.inline_limit
    return keep(job.kernel.ports.blobs, value, key=f"{job.result_prefix}{name}", limit=limit)


CONTENT_TYPES = {
    "md": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
}
