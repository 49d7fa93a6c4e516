"""What Hypothesis draws: values that are hard to store, and the shapes of workflows."""

from datetime import timedelta
from typing import Final

from hypothesis import strategies as some

from kernel.model.annotation import Annotation
from kernel.model.change import Condition, absent, before, by, equals, not_after, one_of, present
from kernel.model.failure import Failure
from kernel.model.payload import Artifact, Blob, Inline
from kernel.model.run import Closing, Run
from kernel.model.stage import Result
from kernel.model.status import UNFINISHED, Status
from tests.stateful.reading import WORKFLOWS, Manner
from tests.support.builders import NOON

RUN_NAMES: Final = ("r1", "r#2", "Lauf 3")
KEY_NAMES: Final = ("order-7", "order#8", "ü")

RUN_IDS: Final = some.sampled_from(RUN_NAMES)
KEYS: Final = some.sampled_from(KEY_NAMES)
_FINGERPRINTS: Final = some.sampled_from([*WORKFLOWS])
# Which of those at hand is meant.
WHICH: Final = some.integers(min_value=0, max_value=3)
LIMITS: Final = some.integers(min_value=1, max_value=5)
MANNERS: Final = some.builds(
    Manner,
    tells=some.booleans(),
    patient=some.booleans(),
    held=some.sampled_from([False, False, False, True]),
    asks=some.booleans(),
)
MOMENTS: Final = some.integers(min_value=-60_000, max_value=600_000).map(
    lambda number: NOON + timedelta(milliseconds=number)
)
MINUTES: Final = some.sampled_from([0.001, 0.5, 1.0, 2.0, 5.0, 90.0])

# Programs and odd file names bring along what neither UTF-8 nor 38 digits can hold.
_TEXTS: Final = some.sampled_from(["", "a", "ü", "\x00", "half \udcff", "🎉"]) | some.text(
    max_size=5
)
_NAMES: Final = some.sampled_from(["", "acme", "Größe & Söhne"]) | some.text(max_size=5)
_NUMBERS: Final = (
    some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.just(10**40)
)
JSON: Final = some.recursive(
    some.none() | some.booleans() | _NUMBERS | _TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)
PAYLOADS: Final = some.builds(Inline, value=JSON) | some.builds(
    Blob, key=_NAMES, size=some.integers(0, 2**40), digest=_NAMES
)
TENANTS: Final = some.none() | _NAMES
RUNS: Final = some.builds(
    Run,
    id=RUN_IDS,
    workflow_id=some.just("reports"),
    fingerprint=_FINGERPRINTS,
    created_at=MOMENTS,
    start_at=some.none() | MOMENTS,
    priority=WHICH,
    tenant=TENANTS,
)
FAILURES: Final = some.builds(
    Failure,
    code=some.sampled_from(["STAGE_ERROR", "WORKER_LOST"]),
    message=_TEXTS,
    retryable=some.booleans(),
    stage_id=TENANTS,
)
RESULTS: Final = some.builds(
    Result,
    output=PAYLOADS,
    artifacts=some.lists(
        some.builds(Artifact, name=_TEXTS, key=_TEXTS, content_type=_TEXTS, size=WHICH),
        max_size=2,
    ).map(tuple),
    metrics=some.dictionaries(_TEXTS, _NUMBERS, max_size=2),
)
# From one of the groups it had come to, by the same definition or by another one.
RERUNS: Final = some.tuples(WHICH, some.none() | _FINGERPRINTS)
# Mostly it goes well: else no run would get far.
ENDINGS: Final = RESULTS | RESULTS | some.none() | FAILURES
CLOSINGS: Final = some.builds(
    Closing,
    target=some.sampled_from([Status.CANCELLED, Status.FAILED]),
    reason=_TEXTS,
    code=some.sampled_from(["CANCELLED", "STUCK"]),
)
ANNOTATIONS: Final = some.builds(
    Annotation,
    id=some.sampled_from(["n1", "n#2", "ä"]),
    run_id=RUN_IDS,
    key=_TEXTS,
    value=JSON,
    at=MOMENTS,
    stage_id=TENANTS,
    attempt=some.none() | WHICH,
)
TEXTS: Final = _TEXTS


def _conditions(fields: dict[str, some.SearchStrategy[object]]) -> some.SearchStrategy[Condition]:
    """Return any test of any of *fields*, with values that it may well have."""
    return some.one_of(
        *(
            some.builds(equals, some.just(name), values)
            | some.builds(one_of, some.just(name), some.lists(values, max_size=2))
            | some.builds(absent, some.just(name))
            | some.builds(present, some.just(name))
            for name, values in fields.items()
        )
    )


def _in_time(*fields: str) -> some.SearchStrategy[Condition]:
    names = some.sampled_from(fields)
    return (
        some.builds(before, names, MOMENTS)
        | some.builds(not_after, names, MOMENTS)
        | some.builds(by, names, MOMENTS)
    )


_STATUSES: Final = some.sampled_from(Status)
_TOKENS: Final = some.none() | some.sampled_from([f"token-{number}" for number in range(1, 9)])

_OF_A_RUN: Final = _conditions(
    {
        "status": _STATUSES,
        "generation": WHICH,
        "cursor": WHICH,
        "tenant": TENANTS,
        "closing": some.none() | CLOSINGS,
        "error": some.none() | FAILURES,
    }
) | _in_time("created_at", "start_at", "completed_at")
_OF_A_STAGE: Final = _conditions(
    {
        "status": some.sampled_from(sorted(UNFINISHED)),
        "attempt": WHICH,
        "generation": WHICH,
        "lease.token": _TOKENS,
        "settled_by": _TOKENS,
        "suspension.lease.token": _TOKENS,
        "suspension.poll_no": WHICH,
        "suspension.callback": some.booleans(),
        "unadvanced": some.booleans(),
        "digest": TENANTS,
    }
) | _in_time("not_before", "lease.expires_at", "suspension.deadline", "suspension.next_poll_at")
# Under such conditions, write such a text.
TOUCHES_OF_A_RUN: Final = some.tuples(some.lists(_OF_A_RUN, max_size=2), TENANTS)
TOUCHES_OF_A_STAGE: Final = some.tuples(some.lists(_OF_A_STAGE, max_size=2), TENANTS)
