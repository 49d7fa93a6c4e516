"""Items are small, and hold all of a record."""

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from adapters.dynamodb import items, spellings
from adapters.dynamodb.forms import JSON, MOMENT, SPAN, STATUS
from adapters.dynamodb.keys import Shards
from adapters.dynamodb.shape import Shape
from kernel.model.annotation import Annotation
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from tests.conformance.persistence_ground import running
from tests.support.builders import (
    NOON,
    a_dead_letter,
    a_lease,
    a_presence,
    a_run,
    a_stage,
    a_suspension,
    after,
    an_event,
    an_idempotency_record,
)

SHARDS = Shards()
ULID = "01JFGQ6Z4S8V7Y3N2M1K0H9G8F"
# What lies beside a record's map, or follows from the item's key.
BESIDE = {"run_id", "version", "outbox", "due_at"}


def size_of(item: object) -> int:
    """Return about how many bytes DynamoDB charges for."""
    match item:
        case dict():
            return 3 + sum(len(name) + 1 + size_of(value) for name, value in item.items())
        case list():
            return 3 + sum(1 + size_of(value) for value in item)
        case str():
            return len(item.encode())
        case bool():
            return 1
        case _:
            return 1 + (len(str(item)) + 1) // 2


@pytest.mark.parametrize(
    ("shape", "record", "beside"),
    [
        (spellings.RUN, Run, BESIDE | {"id"}),
        (spellings.STAGE, StageRecord, BESIDE),
        (spellings.INTAKE, Intake, BESIDE),
        (spellings.ANNOTATION, Annotation, BESIDE),
        (spellings.EVENT, Event, BESIDE),
        (spellings.IDEMPOTENCY, IdempotencyRecord, set()),
        (spellings.DEAD_LETTER, DeadLetter, set()),
        (spellings.PRESENCE, Presence, set()),
    ],
)
def test_every_field_has_its_place(shape: Shape[Any], record: type[Any], beside: set[str]) -> None:
    needed = {field.name for field in fields(record)} - beside

    assert set(shape.names) == needed


def test_no_two_fields_share_a_name() -> None:
    shapes: list[Shape[Any]] = [spellings.RUN, spellings.STAGE, spellings.EVENT]

    for shape in shapes:
        paths = [shape.find(name)[0] for name in shape.names]
        assert len(set(paths)) == len(paths)


def test_a_run_at_work_is_charged_for_less_than_a_kilobyte() -> None:
    run = a_run(
        id=ULID,
        workflow_id="quarterly-report",
        fingerprint="9f" * 8,
        status=Status.RUNNING,
        cursor=3,
        started_at=NOON,
        tenant="acme",
        due_at=after(1),
    )
    lease = a_lease(token="0123456789abcdefghijkl")
    stage = a_stage(
        run_id=ULID,
        id="summarise",
        workflow_id="quarterly-report",
        digest="9f" * 16,
        **running() | {"lease": lease},
    )

    item = {**items.run_item(run, SHARDS), "stage": spellings.STAGE.write(stage)}

    assert size_of(item) < 640


def test_what_is_none_takes_no_room() -> None:
    written = spellings.STAGE.write(a_stage())

    assert None not in written.values()
    assert not written.keys() & {"nb", "le", "su", "re", "er"}


def test_a_field_that_an_older_writer_did_not_know_has_its_default() -> None:
    item = dict(items.stage_item(a_stage(stumbles=2), SHARDS))
    item["stage"] = {name: value for name, value in item["stage"].items() if name != "sb"}

    assert items.stage_of(item) == a_stage()


def test_an_event_is_one_text() -> None:
    event = an_event(detail={"reason": "ü"})

    [text] = items.texts([event])

    assert json.loads(text)["d"] == {"reason": "ü"}
    assert "run_id" not in text


def test_events_of_a_folded_stage_are_the_runs() -> None:
    item = items.run_item(a_run(outbox=(an_event(),)), SHARDS)
    folded = {**item, "stage": spellings.STAGE.write(a_stage())}

    standing = items.standing_of(folded)

    assert standing.run == a_run(outbox=(an_event(),))
    assert standing.stage == a_stage()


def test_the_table_may_forget_a_key_only_when_it_has_expired() -> None:
    expires_at = NOON + timedelta(milliseconds=1)

    item = items.idempotency_item(an_idempotency_record(expires_at=expires_at))

    assert item["expires_at"] == NOON.timestamp() + 1


def test_the_table_may_forget_a_dead_letter_only_when_it_has_expired() -> None:
    expires_at = NOON + timedelta(milliseconds=1)

    item = items.dead_letter_item(a_dead_letter(expires_at=expires_at), SHARDS)

    assert item["expires_at"] == NOON.timestamp() + 1


def test_the_table_may_forget_a_presence_only_when_it_has_expired() -> None:
    expires_at = NOON + timedelta(milliseconds=1)

    item = items.presence_item(a_presence(expires_at=expires_at))

    assert item["expires_at"] == NOON.timestamp() + 1


def test_a_lease_inside_a_suspension_is_found_by_its_path() -> None:
    path, form = spellings.STAGE.find("suspension.lease.expires_at")

    written = spellings.STAGE.write(a_stage(suspension=a_suspension(lease=a_lease())))

    assert path == ("su", "le", "x")
    assert written["su"]["le"]["x"] == form.write(after(5))


def test_there_is_nothing_inside_a_text() -> None:
    with pytest.raises(KeyError, match=r"message\.length"):
        spellings.STAGE.find("progress.message.length")


def test_moments_sort_as_texts() -> None:
    moments = [NOON, NOON + timedelta(milliseconds=9), NOON + timedelta(seconds=1), after(99)]

    texts = [MOMENT.write(moment) for moment in moments]

    assert texts == sorted(texts)
    assert texts[1] == "2026-01-01T12:00:00.009Z"


def test_what_is_finer_than_a_millisecond_is_cut_off() -> None:
    written = MOMENT.write(NOON + timedelta(microseconds=1_999))

    assert MOMENT.read(written) == NOON + timedelta(milliseconds=1)


def test_half_a_surrogate_pair_is_escaped_and_nothing_else() -> None:
    assert JSON.write("ü") == '"ü"'
    assert JSON.write("ü\udcff") == r'"\u00fc\udcff"'
    assert JSON.read(JSON.write("ü\udcff")) == "ü\udcff"


def test_forms_write_what_a_table_can_hold() -> None:
    assert SPAN.write(timedelta(minutes=1)) == 60_000_000
    assert type(STATUS.write(Status.PENDING)) is str
