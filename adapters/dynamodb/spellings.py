"""The table of short names: how each record's fields are called and written in an item.

Names are short because every write is charged for the whole item. A record inside a record is a
map, so that a condition can look into it by its path; what is None is left out.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.dynamodb.forms import JSON, MOMENT, PLAIN, SPAN, STATUS, Pair, each, text_of
from adapters.dynamodb.shape import Shape
from kernel.model.annotation import Annotation
from kernel.model.call import Bill, CallKind, CallState, ModelCall, Spending, Tally
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.lease import Lease
from kernel.model.payload import Artifact, Blob, Inline, Payload
from kernel.model.presence import Presence
from kernel.model.run import Closing, Intake, Run
from kernel.model.stage import Progress, Result, StageRecord, Suspension

_BLOB: Final = Shape(Blob, key=("k", PLAIN), size=("s", PLAIN), digest=("d", PLAIN))


def _write_payload(payload: Payload) -> dict[str, Any]:
    match payload:
        case Inline(value=value):
            return {"j": JSON.write(value)}
        case Blob():
            return _BLOB.write(payload)


def _read_payload(stored: Mapping[str, Any]) -> Payload:
    return Inline(value=JSON.read(stored["j"])) if "j" in stored else _BLOB.read(stored)


PAYLOAD: Final = Pair(writing=_write_payload, reading=_read_payload)

_LEASE: Final = Shape(Lease, token=("t", PLAIN), expires_at=("x", MOMENT))
_FAILURE: Final = Shape(
    Failure,
    code=("c", PLAIN),
    message=("m", JSON),
    retryable=("r", PLAIN),
    stage_id=("s", PLAIN),
)
_CLOSING: Final = Shape(Closing, target=("t", STATUS), reason=("r", JSON), code=("c", PLAIN))
_SUSPENSION: Final = Shape(
    Suspension,
    state=("st", PAYLOAD),
    next_poll_at=("np", MOMENT),
    poll_every=("ev", SPAN),
    deadline=("dl", MOMENT),
    poll_no=("no", PLAIN),
    failures=("fa", PLAIN),
    lease=("le", _LEASE),
    callback=("cb", PLAIN),
    callback_digest=("cd", PLAIN),
    wanted=("wa", PLAIN),
    paused=("pa", PLAIN),
)
_PROGRESS: Final = Shape(Progress, fraction=("f", JSON), message=("m", JSON), at=("a", MOMENT))
_ARTIFACT: Final = Shape(
    Artifact,
    name=("n", JSON),
    key=("k", JSON),
    content_type=("t", JSON),
    size=("s", PLAIN),
)
_RESULT: Final = Shape(
    Result, output=("o", PAYLOAD), artifacts=("a", each(_ARTIFACT)), metrics=("m", JSON)
)

RUN: Final = Shape(
    Run,
    workflow_id=("wf", PLAIN),
    fingerprint=("fp", PLAIN),
    status=("st", STATUS),
    generation=("ge", PLAIN),
    cursor=("cu", PLAIN),
    closing=("cl", _CLOSING),
    priority=("pr", PLAIN),
    tenant=("te", PLAIN),
    created_at=("ca", MOMENT),
    start_at=("sa", MOMENT),
    started_at=("ta", MOMENT),
    completed_at=("co", MOMENT),
    error=("er", _FAILURE),
    retired_at=("ra", MOMENT),
)
STAGE: Final = Shape(
    StageRecord,
    id=("id", PLAIN),
    workflow_id=("wf", PLAIN),
    group=("gr", PLAIN),
    ordinal=("or", PLAIN),
    solo=("so", PLAIN),
    status=("st", STATUS),
    generation=("ge", PLAIN),
    attempt=("at", PLAIN),
    max_attempts=("ma", PLAIN),
    urgent=("ug", PLAIN),
    tenant=("te", PLAIN),
    stumbles=("sb", PLAIN),
    pauses=("ps", PLAIN),
    polls=("po", PLAIN),
    created_at=("ca", MOMENT),
    not_before=("nb", MOMENT),
    started_at=("ta", MOMENT),
    completed_at=("co", MOMENT),
    lease=("le", _LEASE),
    suspension=("su", _SUSPENSION),
    resume_state=("rs", PAYLOAD),
    progress=("pg", _PROGRESS),
    result=("re", _RESULT),
    error=("er", _FAILURE),
    unadvanced=("un", PLAIN),
    settled_by=("by", PLAIN),
    digest=("di", PLAIN),
)
INTAKE: Final = Shape(Intake, input=("in", PAYLOAD), config=("cf", PAYLOAD))
ANNOTATION: Final = Shape(
    Annotation,
    id=("id", PLAIN),
    key=("k", JSON),
    value=("v", JSON),
    at=("a", MOMENT),
    stage_id=("s", PLAIN),
    generation=("ge", PLAIN),
    attempt=("at", PLAIN),
    actor=("ac", JSON),
)
IDEMPOTENCY: Final = Shape(
    IdempotencyRecord,
    command=("c", PLAIN),
    key=("k", PLAIN),
    digest=("d", PLAIN),
    run_id=("r", PLAIN),
    generation=("ge", PLAIN),
    expires_at=("x", MOMENT),
)
PRESENCE: Final = Shape(
    Presence,
    queue=("q", PLAIN),
    worker_id=("w", PLAIN),
    since=("si", MOMENT),
    seen_at=("a", MOMENT),
    expires_at=("x", MOMENT),
    fingerprints=("fp", JSON),
)
_CALL_STATE: Final = Pair(writing=str, reading=CallState)
CALL: Final = Shape(
    ModelCall,
    id=("id", PLAIN),
    workflow_id=("wf", PLAIN),
    stage_id=("s", PLAIN),
    generation=("ge", PLAIN),
    attempt=("at", PLAIN),
    topic=("to", PLAIN),
    model=("mo", JSON),
    kind=("ki", Pair(writing=str, reading=CallKind)),
    state=("st", _CALL_STATE),
    begun_at=("a", MOMENT),
    latency=("la", SPAN),
    requests=("rq", PLAIN),
    reserved=("rs", PLAIN),
    input_tokens=("ti", PLAIN),
    output_tokens=("tp", PLAIN),
    cached_tokens=("tc", PLAIN),
    cache_written_tokens=("tw", PLAIN),
    reasoning_tokens=("tr", PLAIN),
    cost=("co", PLAIN),
    input_price=("pi", PLAIN),
    output_price=("pp", PLAIN),
    price_version=("pv", JSON),
    finish=("fi", JSON),
    error=("er", _FAILURE),
    prompt=("p", JSON),
    response=("r", JSON),
)
# Numbers that commits add to must lie in the item itself: DynamoDB adds to nothing else.
TALLY: Final = Shape(
    Tally,
    calls=("nc", PLAIN),
    requests=("nr", PLAIN),
    failed=("nf", PLAIN),
    unpriced=("nu", PLAIN),
    input_tokens=("ti", PLAIN),
    output_tokens=("tp", PLAIN),
    cached_tokens=("tc", PLAIN),
    cost=("co", PLAIN),
    in_flight=("fl", PLAIN),
    held=("he", PLAIN),
)
BILL: Final = Shape(Bill, limit=("li", PLAIN), committed=("cm", PLAIN))
SPENDING: Final = Shape(
    Spending,
    topic=("to", PLAIN),
    month=("mo", PLAIN),
    run_id=("r", PLAIN),
    workflow_id=("wf", PLAIN),
)
# An event is a text in the outbox: it is appended, read and cleared as a whole.
EVENT: Final = Shape(
    Event,
    id=("i", PLAIN),
    type=("t", PLAIN),
    at=("a", MOMENT),
    workflow_id=("w", PLAIN),
    generation=("g", PLAIN),
    sequence=("q", PLAIN),
    stage_id=("s", PLAIN),
    attempt=("n", PLAIN),
    detail=("d", PLAIN),
    refusals=("f", PLAIN),
)
# Out of its outbox it tells its run as well.
_WHOLE_EVENT: Final = Pair(
    writing=lambda event: {"u": event.run_id, "e": text_of(EVENT.write(event))},
    reading=lambda stored: EVENT.read(json.loads(stored["e"]), run_id=stored["u"]),
)
DEAD_LETTER: Final = Shape(
    DeadLetter,
    event=("ev", _WHOLE_EVENT),
    reason=("r", JSON),
    at=("a", MOMENT),
    expires_at=("x", MOMENT),
)
