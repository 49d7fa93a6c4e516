"""Events carry what happened, an id that repeats with it, and a place in the run's order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from kernel import events
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.status import Status
from tests.support.builders import NOON, a_run, a_stage, a_suspension, after

RUN = a_run(generation=2, created_at=NOON)
STAGE = a_stage(generation=2, group=3, ordinal=1, attempt=4, started_at=NOON)
ERROR = Failure.of("NO_LUCK", "There was none.")


@pytest.mark.parametrize(
    ("event", "type_", "detail"),
    [
        (events.run_created(RUN, at=NOON), "workflow:created", {"priority": 5}),
        (events.run_started(RUN, at=NOON), "workflow:started", {}),
        (events.run_completed(RUN, at=after(1)), "workflow:completed", {"duration": 60.0}),
        (
            events.run_failed(RUN, replace(ERROR, stage_id="split"), at=after(1)),
            "workflow:failed",
            {
                "duration": 60.0,
                "error": {"code": "NO_LUCK", "message": "There was none."},
                "failed_stage": "split",
            },
        ),
        (
            events.run_cancelled(RUN, reason="changed my mind", at=after(1)),
            "workflow:cancelled",
            {"duration": 60.0, "reason": "changed my mind"},
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_happens_to_a_run_is_told(event: Event, type_: str, detail: dict[str, Any]) -> None:
    assert (event.type, event.detail) == (type_, detail)
    assert (event.run_id, event.workflow_id, event.generation) == ("run-1", "reports", 2)
    assert (event.stage_id, event.attempt) == (None, None)
    assert event.id == f"run-1:2:{type_}"


@pytest.mark.parametrize(
    ("event", "type_", "detail"),
    [
        (events.stage_started(STAGE, at=NOON), "stage:started", {}),
        (
            events.stage_suspended(replace(STAGE, suspension=a_suspension()), at=NOON),
            "stage:suspended",
            {"deadline": "2026-01-02T12:00:00+00:00"},
        ),
        (events.stage_suspended(STAGE, at=NOON), "stage:suspended", {}),
        (events.stage_completed(STAGE, at=after(0.5)), "stage:completed", {"duration": 30.0}),
        (events.stage_skipped(STAGE, at=NOON), "stage:skipped", {}),
        (
            events.stage_failed(STAGE, ERROR, will_retry=True, at=after(0.5)),
            "stage:failed",
            {
                "duration": 30.0,
                "error": {"code": "NO_LUCK", "message": "There was none."},
                "will_retry": True,
            },
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_happens_to_a_stage_is_told(event: Event, type_: str, detail: dict[str, Any]) -> None:
    assert (event.type, event.detail) == (type_, detail)
    assert (event.stage_id, event.generation, event.attempt) == ("split", 2, 4)
    assert event.id == f"run-1:split:2:4:{type_}"


def test_a_stage_that_never_started_took_as_long_as_it_was_there() -> None:
    stage = a_stage(created_at=NOON)

    event = events.stage_completed(stage, at=NOON + timedelta(milliseconds=1_500))

    assert event.detail == {"duration": 1.5}


def test_the_events_of_a_run_sort_by_what_came_first() -> None:
    early = a_stage(group=1, attempt=1)
    late = a_stage(group=10, attempt=1)
    in_order = [
        events.run_created(a_run(), at=NOON),
        events.run_started(a_run(), at=NOON),
        events.stage_started(early, at=NOON),
        events.stage_suspended(early, at=NOON),
        events.stage_failed(early, ERROR, will_retry=True, at=NOON),
        events.stage_started(replace(early, attempt=2), at=NOON),
        events.stage_completed(replace(early, attempt=2), at=NOON),
        events.stage_started(replace(early, attempt=10), at=NOON),
        events.stage_skipped(replace(late, ordinal=0), at=NOON),
        events.stage_skipped(replace(late, ordinal=9), at=NOON),
        events.stage_skipped(replace(late, ordinal=48), at=NOON),
        events.run_completed(a_run(), at=NOON),
        events.run_created(a_run(generation=1), at=NOON),
        events.stage_started(a_stage(generation=1, attempt=1), at=NOON),
        events.run_failed(a_run(generation=1), ERROR, at=NOON),
    ]

    places = [event.sequence for event in in_order]

    assert places == sorted(places)
    assert len({*places}) == len(places)


@pytest.mark.parametrize(
    ("event", "terminal"),
    [
        (events.run_created(RUN, at=NOON), False),
        (events.run_started(RUN, at=NOON), False),
        (events.stage_failed(STAGE, ERROR, will_retry=False, at=NOON), False),
        (events.run_completed(RUN, at=NOON), True),
        (events.run_failed(RUN, ERROR, at=NOON), True),
        (events.run_cancelled(RUN, reason="", at=NOON), True),
    ],
    ids=lambda given: given.type if isinstance(given, Event) else "",
)
def test_three_events_end_a_run(event: Event, *, terminal: bool) -> None:
    assert events.is_terminal(event) is terminal


def test_there_is_an_event_for_every_end_of_a_run() -> None:
    ends = {f"workflow:{status.value.lower()}" for status in Status if status.is_terminal}

    assert ends - {"workflow:skipped"} == events.TERMINAL_TYPES
