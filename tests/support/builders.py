"""Records with defaults: a test names only what it is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from kernel.model.annotation import Annotation
from kernel.model.call import CallKind, ModelCall
from kernel.model.change import Condition, UpdateRun, UpdateStage
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.lease import Lease
from kernel.model.payload import Inline
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import Progress, Result, StageRecord, Suspension

NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
A_MINUTE: Final = timedelta(minutes=1)


def after(minutes: float) -> datetime:
    """Return the moment so many *minutes* after noon; before noon, where they are negative."""
    return NOON + minutes * A_MINUTE


def a_run(**given: Any) -> Run:
    run = Run(id="run-1", workflow_id="reports", fingerprint="4f1d", created_at=NOON)
    return replace(run, **given)


def an_intake(**given: Any) -> Intake:
    intake = Intake(
        run_id="run-1",
        input=Inline(value={"url": "https://example.org"}),
        config=Inline(value={"split": {"lowercase": True}}),
    )
    return replace(intake, **given)


def a_stage(**given: Any) -> StageRecord:
    stage = StageRecord(
        run_id="run-1",
        id="split",
        workflow_id="reports",
        group=1,
        solo=True,
        generation=0,
        max_attempts=3,
        created_at=NOON,
    )
    return replace(stage, **given)


def a_lease(**given: Any) -> Lease:
    return replace(Lease(token="token-1", expires_at=after(5)), **given)


def a_suspension(**given: Any) -> Suspension:
    suspension = Suspension(
        state=Inline(value={"batch": 7}),
        next_poll_at=after(1),
        poll_every=A_MINUTE,
        deadline=after(24 * 60),
    )
    return replace(suspension, **given)


def a_progress(**given: Any) -> Progress:
    return replace(Progress(fraction=0.5, message="half way", at=after(1)), **given)


def a_result(**given: Any) -> Result:
    return replace(Result(output=Inline(value={"words": ["one", "two"]})), **given)


def a_failure(**given: Any) -> Failure:
    return replace(Failure(code="STAGE_ERROR", message="It broke.", retryable=True), **given)


def an_event(**given: Any) -> Event:
    event = Event(
        id="run-1:0:workflow:created",
        type="workflow:created",
        at=NOON,
        run_id="run-1",
        workflow_id="reports",
        generation=0,
        sequence="0000.0000.0000.00.0",
    )
    return replace(event, **given)


def an_annotation(**given: Any) -> Annotation:
    annotation = Annotation(id="note-1", run_id="run-1", key="topic", value="rivers", at=NOON)
    return replace(annotation, **given)


def an_idempotency_record(**given: Any) -> IdempotencyRecord:
    record = IdempotencyRecord(
        command="run.create",
        key="order-7",
        digest="a1b2",
        run_id="run-1",
        expires_at=after(7 * 24 * 60),
    )
    return replace(record, **given)


def a_dead_letter(**given: Any) -> DeadLetter:
    letter = DeadLetter(
        event=an_event(refusals=5),
        reason="It is too large.",
        at=NOON,
        expires_at=after(30 * 24 * 60),
    )
    return replace(letter, **given)


def a_presence(**given: Any) -> Presence:
    presence = Presence(
        queue="heavy",
        worker_id="worker-1",
        since=NOON,
        seen_at=NOON,
        expires_at=NOON,
        fingerprints={},
    )
    return replace(presence, **given)


def a_call(**given: Any) -> ModelCall:
    call = ModelCall(
        id="run-1:one:0:1:0:0",
        run_id="run-1",
        workflow_id="chain",
        stage_id="one",
        generation=0,
        attempt=1,
        topic="workflow.chain.stage.one",
        model="bedrock:amazon.nova-lite-v1:0",
        kind=CallKind.TEXT,
        begun_at=NOON,
    )
    return replace(call, **given)


def update_run(
    run: Run,
    *requires: Condition,
    events: tuple[Event, ...] = (),
    clears: bool = False,
    **written: Any,
) -> UpdateRun:
    """Return the change that writes the fields *written*."""
    return UpdateRun(
        run=replace(run, **written),
        writes=frozenset(written),
        requires=requires,
        events=events,
        clears=clears,
    )


def update_stage(
    stage: StageRecord,
    *requires: Condition,
    events: tuple[Event, ...] = (),
    clears: bool = False,
    **written: Any,
) -> UpdateStage:
    """Return the change that writes the fields *written*."""
    return UpdateStage(
        stage=replace(stage, **written),
        writes=frozenset(written),
        requires=requires,
        events=events,
        clears=clears,
    )
