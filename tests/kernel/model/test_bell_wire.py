"""The bell's spelling: what goes in comes out, and nothing else comes in."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.errors import InvalidInputError
from kernel.model import bell_wire
from kernel.model.bell import Bell, BellKind

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

A_STAGES_BELL = {
    "kind": "execute",
    "run_id": "run-1",
    "workflow_id": "reports",
    "stage_id": "split",
    "group": 1,
    "generation": 0,
    "attempt": 1,
}

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
COUNTS = st.integers(min_value=0, max_value=2**63)
MOMENTS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # Half of a surrogate pair is JSON all the same.
    | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
BELLS = st.builds(
    Bell,
    kind=st.sampled_from(BellKind),
    run_id=IDS,
    workflow_id=IDS,
    stage_id=IDS,
    group=COUNTS,
    generation=COUNTS,
    attempt=COUNTS,
    max_attempts=COUNTS,
    payload=st.none() | st.dictionaries(st.text(), VALUES, max_size=4),
    not_before=st.none() | MOMENTS,
    urgent=st.booleans(),
    tenant=st.none() | IDS | st.just(""),
    queue=st.none() | IDS,
)


@settings(deadline=None)
@given(bell=BELLS)
def test_a_bell_comes_out_as_it_went_in(bell: Bell) -> None:
    text = bell_wire.encode(bell)

    again = bell_wire.decode(text)

    assert again == bell
    assert text.isascii()


def test_the_wire_has_every_field_and_the_jobs_name() -> None:
    bell = Bell(
        kind=BellKind.EXECUTE,
        run_id="run-1",
        workflow_id="reports",
        stage_id="split",
        group=1,
        generation=2,
        attempt=3,
        max_attempts=4,
        payload={"input": {"url": "x"}, "config": {}},
        not_before=NOON + timedelta(microseconds=7_654),
        urgent=True,
        tenant="acme",
        queue="heavy",
        fingerprint="0123456789abcdef",
    )

    fields = json.loads(bell_wire.encode(bell))

    assert fields == {
        "kind": "execute",
        "job_id": "run-1:split:2:3",
        "run_id": "run-1",
        "workflow_id": "reports",
        "stage_id": "split",
        "group": 1,
        "generation": 2,
        "attempt": 3,
        "max_attempts": 4,
        "payload": {"input": {"url": "x"}, "config": {}},
        "not_before": "2026-11-22T12:00:00.007Z",
        "urgent": True,
        "tenant": "acme",
        "queue": "heavy",
        "fingerprint": "0123456789abcdef",
    }


def test_a_payload_that_would_pass_the_limit_stays_behind() -> None:
    bell = Bell(
        kind=BellKind.START, run_id="run-1", workflow_id="reports", payload={"input": "x" * 2_000}
    )

    small = bell_wire.decode(bell_wire.encode(bell, limit=1_000))
    whole = bell_wire.decode(bell_wire.encode(bell, limit=10_000))

    assert small.payload is None
    assert whole == bell


def test_a_runs_bell_needs_no_more_than_the_run() -> None:
    text = '{"kind": "start", "run_id": "run-1", "workflow_id": "reports"}'

    bell = bell_wire.decode(text)

    assert bell == Bell(kind=BellKind.START, run_id="run-1", workflow_id="reports")


def test_what_a_newer_sender_adds_is_passed_over() -> None:
    text = json.dumps(A_STAGES_BELL | {"colour": "red", "tenant": None, "urgent": None})

    bell = bell_wire.decode(text)

    assert bell.stage_id == "split"
    assert bell.urgent is False


def test_a_moment_from_another_time_zone_is_read_as_utc() -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=9)))

    bell = bell_wire.decode(json.dumps(A_STAGES_BELL | {"not_before": elsewhere.isoformat()}))

    assert bell.not_before == NOON
    assert bell.not_before.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "ding dong", "{", '{"kind": NaN}', "[" * 100_000, "1" * 5_000, "\ufeff{}"],
    ids=["nothing", "words", "half", "nan", "deep", "long", "bom"],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^This is not a bell: it is not JSON\.$"):
        bell_wire.decode(text)


@pytest.mark.parametrize("text", ["null", "[]", "7", '"ring"'])
def test_what_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"it is not a JSON object\.$"):
        bell_wire.decode(text)


@pytest.mark.parametrize("name", sorted(A_STAGES_BELL))
def test_a_stages_bell_that_lacks_something_is_refused(name: str) -> None:
    fields = {key: value for key, value in A_STAGES_BELL.items() if key != name}

    with pytest.raises(InvalidInputError) as refusal:
        bell_wire.decode(json.dumps(fields))

    assert refusal.value.context["problems"] == [f"`{name}` is missing"]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("kind", "stop", "`kind` is not one of start, execute, poll"),
        ("kind", ["execute"], "`kind` is not one of start, execute, poll"),
        ("job_id", 7, "`job_id` is not an id"),
        ("run_id", 7, "`run_id` is not an id"),
        ("run_id", "", "`run_id` is not an id"),
        ("run_id", "\ud800", "`run_id` is not an id"),
        ("stage_id", {}, "`stage_id` is not an id"),
        ("group", "1", "`group` is not a count"),
        ("group", True, "`group` is not a count"),
        ("generation", 1.0, "`generation` is not a count"),
        ("attempt", -1, "`attempt` is not a count"),
        ("max_attempts", [], "`max_attempts` is not a count"),
        ("payload", "{}", "`payload` is not an object"),
        ("not_before", 1_700_000_000, "`not_before` is not a moment with its time zone"),
        ("not_before", "soon", "`not_before` is not a moment with its time zone"),
        ("not_before", "2026-11-22T12:00:00", "`not_before` is not a moment with its time zone"),
        (
            "not_before",
            "0001-01-01T00:00:00+23:59",
            "`not_before` is not a moment with its time zone",
        ),
        ("urgent", "yes", "`urgent` is not true or false"),
        ("tenant", 7, "`tenant` is not a text"),
        ("queue", False, "`queue` is not a text"),
    ],
)
def test_a_field_of_another_type_is_refused(name: str, value: object, problem: str) -> None:
    text = json.dumps(A_STAGES_BELL | {name: value})

    with pytest.raises(InvalidInputError) as refusal:
        bell_wire.decode(text)

    assert refusal.value.context["problems"] == [problem]


def test_a_refusal_names_everything_that_is_wrong() -> None:
    text = '{"kind": "poll", "run_id": 7}'

    with pytest.raises(InvalidInputError) as refusal:
        bell_wire.decode(text)

    assert refusal.value.message == (
        "This is not a bell: `workflow_id` is missing; `stage_id` is missing; `group` is missing; "
        "`generation` is missing; `attempt` is missing; `run_id` is not an id."
    )
