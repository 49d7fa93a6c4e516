"""What was stored is what is read, field by field."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.model.change import AddAnnotation, CreateRun, SaveIdempotency
from kernel.model.json import Json
from kernel.model.payload import Artifact, Blob, Inline
from kernel.model.run import Closing, Run
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Given,
    Ground,
    alone_or_not,
    by_itself,
    completion,
    given_run,
    given_sibling,
    given_solo,
    running,
)
from tests.support.builders import (
    NOON,
    a_failure,
    a_lease,
    a_progress,
    a_result,
    a_run,
    a_stage,
    a_suspension,
    after,
    an_annotation,
    an_event,
    an_idempotency_record,
    an_intake,
    update_stage,
)

BLOB = Blob(key="runs/run-1/split/0-1/output.json", size=70_000, digest="9f" * 16)

VALUES: list[Json] = [
    None,
    False,
    0,
    -1,
    2**70,
    0.1,
    1e-300,
    1.7976931348623157e308,
    "",
    "zwölf \u6f22 \U0001f600 \u0000 \ud800",
    [],
    {},
    {"": None, "a.b": [1, 2.5, "x", True, None, {"#": ":"}], "z": 1, "a": 2},
]

RUNS = [
    a_run(),
    a_run(status=Status.RUNNING, cursor=1, started_at=NOON, due_at=after(1), priority=0),
    a_run(
        status=Status.RUNNING,
        generation=3,
        cursor=12,
        closing=Closing(target=Status.FAILED, reason="", code="STUCK"),
        tenant="Käthe & Söhne #1",
        start_at=NOON - timedelta(days=400),
        started_at=NOON + timedelta(milliseconds=1),
        version=41,
    ),
    a_run(
        status=Status.FAILED,
        completed_at=after(9),
        error=a_failure(message="No: \udcff \u2014 \u00fc", retryable=False, stage_id="split"),
        outbox=(
            an_event(detail={}),
            an_event(
                id="run-1:split:0:1:stage:failed",
                type="stage:failed",
                at=after(8.5),
                sequence="0000.0001.0001.00.8",
                stage_id="split",
                attempt=1,
                detail={"error": {"code": "X", "message": "\u2028"}, "duration": 0.25},
            ),
        ),
    ),
    a_run(status=Status.CANCELLED, error=a_failure(message="", code="CANCELLED")),
]

ARTIFACTS = (
    Artifact(name="räport.html", key="runs/x/räport.html", content_type="text/html", size=0),
    Artifact(name="\udcff.bin", key="runs/x/1", content_type="", size=2**40),
)

STAGES: dict[str, dict[str, Any]] = {
    "fresh": {},
    "in a far group": {"group": 4711, "ordinal": 48, "id": "a.b-c#d"},
    "waiting for another attempt": {
        "attempt": 2,
        "stumbles": 1,
        "not_before": after(0.25),
        "error": a_failure(),
        "resume_state": Inline(value={"cursor": None}),
        "started_at": NOON,
    },
    "running": {**running(), "progress": a_progress(fraction=1 / 3, message="ü"), "digest": ""},
    "suspended": {"status": Status.SUSPENDED, "attempt": 1, "suspension": a_suspension()},
    "suspended for a call": {
        "status": Status.SUSPENDED,
        "suspension": a_suspension(
            state=None, next_poll_at=None, callback=True, callback_digest="d1"
        ),
    },
    "being polled": {
        "status": Status.SUSPENDED,
        "suspension": a_suspension(
            state=BLOB,
            poll_every=timedelta(days=3, microseconds=7),
            poll_no=12,
            failures=2,
            lease=a_lease(token="poll-1"),
        ),
        "resume_state": BLOB,
    },
    "cancelled": {"status": Status.CANCELLED, "completed_at": after(2), "generation": 5},
}

SETTLED: dict[str, dict[str, Any]] = {
    "completed": {
        "result": a_result(
            output=Inline(value=0.1), artifacts=ARTIFACTS, metrics={"a": 0.1, "b": 3, "ü": 1e-300}
        )
    },
    "completed with a big output": {"result": a_result(output=BLOB, metrics={})},
    "failed": {"status": Status.FAILED, "result": None, "error": a_failure(stage_id="split")},
    "skipped": {"status": Status.SKIPPED, "result": None, "settled_by": None},
}


class RoundTripPromises(Ground):
    @pytest.mark.parametrize("run", RUNS)
    def test_a_run_comes_back_whole(self, persistence: Persistence, run_id: str, run: Run) -> None:
        fields = {name: value for name, value in vars(run).items() if name != "id"}
        events = tuple(an_event(**vars(event) | {"run_id": run_id}) for event in run.outbox)

        stored = given_run(persistence, run_id, **fields | {"outbox": events})

        assert stored == a_run(**fields | {"id": run_id, "outbox": events})

    def test_input_and_config_come_back_whole(self, persistence: Persistence, run_id: str) -> None:
        intakes = [
            an_intake(run_id=f"{run_id}-{nth}", input=Inline(value=value), config=BLOB)
            for nth, value in enumerate(VALUES)
        ]

        persistence.commit(
            [CreateRun(run=a_run(id=intake.run_id), intake=intake) for intake in intakes]
        )

        assert [persistence.intake(intake.run_id) for intake in intakes] == intakes

    def test_keys_of_an_object_keep_their_order(
        self, persistence: Persistence, run_id: str
    ) -> None:
        intake = an_intake(run_id=run_id, input=Inline(value={"z": 1, "a": {"y": 2, "b": 3}}))

        persistence.commit([CreateRun(run=a_run(id=run_id), intake=intake)])

        assert repr(persistence.intake(run_id)) == repr(intake)

    @alone_or_not
    @pytest.mark.parametrize("fields", STAGES.values(), ids=STAGES)
    def test_a_stage_comes_back_whole(
        self, persistence: Persistence, run_id: str, fields: dict[str, Any], given: Given
    ) -> None:
        stored = given(persistence, run_id, **fields)

        expected = a_stage(run_id=run_id, solo=stored.solo, **fields)
        assert by_itself(stored) == expected

    @alone_or_not
    @pytest.mark.parametrize("fields", STAGES.values(), ids=STAGES)
    def test_a_stage_that_is_changed_comes_back_whole(
        self, persistence: Persistence, run_id: str, fields: dict[str, Any], given: Given
    ) -> None:
        place = {name: fields[name] for name in fields.keys() & {"group", "ordinal", "id"}}
        stage = given(persistence, run_id, **place)

        persistence.commit([update_stage(stage, **fields)])

        expected = a_stage(run_id=run_id, solo=stage.solo, **fields)
        assert by_itself(persistence.standing(stage.key).stage) == expected

    @alone_or_not
    @pytest.mark.parametrize("fields", SETTLED.values(), ids=SETTLED)
    def test_a_settled_stage_comes_back_whole(
        self, persistence: Persistence, run_id: str, fields: dict[str, Any], given: Given
    ) -> None:
        stage = given(persistence, run_id, **running())
        settled = completion(stage, **fields)

        persistence.commit([settled])

        stored = persistence.standing(stage.key).stage
        assert by_itself(stored) == by_itself(settled.stage)

    def test_an_unadvanced_sibling_comes_back_whole(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_sibling(persistence, run_id, **running())
        settled = completion(stage, unadvanced=True, due_at=after(4))

        persistence.commit([settled])

        stored = persistence.standing(stage.key).stage
        assert (stored.unadvanced, stored.due_at) == (True, after(4))

    def test_the_run_beside_a_stage_is_whole(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, **running(), due_at=after(5))

        run = persistence.standing(stage.key).run

        assert run == persistence.run(run_id)
        assert (run.status, run.cursor, run.started_at) == (Status.RUNNING, 1, NOON)

    def test_annotations_come_back_whole(self, persistence: Persistence, run_id: str) -> None:
        place = {"stage_id": "split", "generation": 0, "attempt": 2, "actor": "ü \udcff"}
        notes = [
            an_annotation(run_id=run_id, id=f"n{nth:02}", key="ü \udcff", value=value, **place)
            for nth, value in enumerate(VALUES)
        ]

        persistence.commit([AddAnnotation(annotation=note) for note in notes])

        assert list(persistence.annotations(run_id)) == notes

    def test_an_idempotency_record_comes_back_whole(
        self, persistence: Persistence, run_id: str
    ) -> None:
        expires_at = NOON + timedelta(milliseconds=1)
        record = an_idempotency_record(key=f"{run_id} # ü", expires_at=expires_at, digest="")

        persistence.commit([SaveIdempotency(record=record, now=NOON)])

        assert persistence.idempotency(record.command, record.key) == record
