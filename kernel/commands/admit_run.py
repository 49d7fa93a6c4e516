"""Store a new run with all that belongs to it. The same key and request give the same run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from kernel import events
from kernel.decisions.bells import start_bell
from kernel.decisions.due import run_due
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import ConflictError, IdempotencyConflictError
from kernel.model.annotation import Annotation
from kernel.model.change import AddAnnotation, Change, CreateRun, SaveIdempotency, SetLimit
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.json import Json
from kernel.model.run import Intake, Run


@dataclass(frozen=True, kw_only=True)
class AdmitRunResult:
    """*created* is false where the key had been used for this very request before."""

    run_id: str
    created: bool


@dataclass(frozen=True, kw_only=True)
class AdmitRun(Command[AdmitRunResult]):
    """*request_digest* is that of the request as it came in, before anything was parsed.

    *budget* is what the run may spend on models, in nanodollars.
    """

    name = "run.admit"

    run_id: str
    workflow_id: str
    fingerprint: str
    intake: Intake
    priority: int
    tenant: str | None = None
    start_at: datetime | None = None
    annotations: Mapping[str, Json]
    idempotency_key: str | None = None
    request_digest: str
    budget: int | None = None


def handle(command: AdmitRun, context: Context) -> Outcome[AdmitRunResult]:
    """Try to store it first: a key that is new is the rule."""
    if not context.is_first_try:
        return Outcome(result=_known(command, context))
    run = _run(command, context)
    changes: list[Change] = [CreateRun(run=run, intake=command.intake)]
    if command.idempotency_key is not None:
        changes.append(SaveIdempotency(record=_record(command, context), now=context.now))
    if command.budget is not None:
        changes.append(SetLimit(run_id=run.id, limit=command.budget))
    changes += [AddAnnotation(annotation=row) for row in _annotations(command, context)]
    return Outcome(
        result=AdmitRunResult(run_id=run.id, created=True),
        changes=tuple(changes),
        bells=(start_bell(run),),
    )


def _run(command: AdmitRun, context: Context) -> Run:
    run = Run(
        id=command.run_id,
        workflow_id=command.workflow_id,
        fingerprint=command.fingerprint,
        priority=command.priority,
        tenant=command.tenant,
        created_at=context.now,
        start_at=command.start_at,
    )
    outbox = context.kept(events.run_created(run, at=context.now))
    due = run_due(run, now=context.now, policy=context.policy, has_events=bool(outbox))
    return replace(run, outbox=outbox, due_at=due)


def _record(command: AdmitRun, context: Context) -> IdempotencyRecord:
    return IdempotencyRecord(
        command="run.create",
        key=command.idempotency_key or "",
        digest=command.request_digest,
        run_id=command.run_id,
        expires_at=context.now + context.policy.idempotency_kept,
    )


def _annotations(command: AdmitRun, context: Context) -> list[Annotation]:
    return [
        Annotation(
            id=f"{command.run_id}:{nth:02}",
            run_id=command.run_id,
            key=key,
            value=value,
            at=context.now,
        )
        for nth, (key, value) in enumerate(command.annotations.items())
    ]


def _known(command: AdmitRun, context: Context) -> AdmitRunResult:
    """Explain why the run could not be stored: its key is taken, or its id."""
    key = command.idempotency_key
    record = context.ports.persistence.idempotency("run.create", key) if key else None
    if record is None:
        message = f"The run id {command.run_id!r} is taken. Ask again with a new one."
        raise ConflictError(message, run_id=command.run_id)
    if record.digest != command.request_digest:
        message = (
            f"The idempotency key {key!r} was used for another request, which made run"
            f" {record.run_id!r}. Use a new key, or repeat that request unchanged."
        )
        raise IdempotencyConflictError(message, run_id=record.run_id)
    return AdmitRunResult(run_id=record.run_id, created=record.run_id == command.run_id)
