"""All changes of one item in one commit are one operation."""

import pytest

from adapters.dynamodb.keys import Key
from adapters.dynamodb.operations import Check, Require, Sign, Update
from kernel.model.change import (
    AddAnnotation,
    Change,
    CreateRun,
    CreateStage,
    RequireRun,
    equals,
)
from kernel.model.status import Status
from tests.adapters.dynamodb.translating import RUN, keys_of, one_update, translated
from tests.conformance.persistence_ground import completion, happened, running
from tests.support.builders import (
    a_run,
    a_stage,
    after,
    an_annotation,
    an_intake,
    update_run,
    update_stage,
)


def test_the_earliest_of_all_moments_for_one_item_counts() -> None:
    update = one_update(
        update_run(a_run(), due_at=after(3)),
        CreateStage(stage=a_stage(due_at=after(2))),
    )

    assert update.sets["due_at",] == "2026-01-01T12:02:00.000Z"


def test_a_moment_counts_beside_none() -> None:
    update = one_update(
        update_run(a_run(), due_at=None), CreateStage(stage=a_stage(due_at=after(2)))
    )

    assert update.sets["due_at",] == "2026-01-01T12:02:00.000Z"
    assert update.removes == frozenset()


def test_none_alone_takes_the_item_out_of_the_index() -> None:
    update = one_update(update_run(a_run(due_at=after(1)), due_at=None))

    assert update.removes == {("due_at",), ("due_shard",)}


def test_a_settled_stages_moment_does_not_count() -> None:
    update, _ = translated(
        completion(a_stage(**running()), due_at=after(1)), update_run(a_run(), due_at=after(9))
    )

    assert isinstance(update, Update)
    assert update.sets["due_at",] == "2026-01-01T12:09:00.000Z"


def test_a_push_back_does_not_count() -> None:
    update = one_update(update_run(a_run(), equals("version", 4), due_at=after(9)))

    assert not update.counts
    assert (Check(path=("v",), sign=Sign.AMONG, value=(4,)),) in update.requires


def test_two_changes_of_one_item_count_once() -> None:
    update = one_update(
        update_run(a_run(), equals("version", 4), priority=1),
        update_stage(a_stage(), equals("version", 4), attempt=1),
    )

    assert update.counts
    assert update.sets == {("run", "pr"): 1, ("stage", "at"): 1}


def test_settling_comes_first_in_the_outbox() -> None:
    update, _ = translated(
        update_run(a_run(), events=happened("run-1", "ended"), status=Status.COMPLETED),
        completion(a_stage(**running()), events=happened("run-1", "settled")),
    )

    assert isinstance(update, Update)
    assert ["settled" in text for text in update.appends] == [True, False]


def test_a_clear_beside_another_change_comes_first() -> None:
    update = one_update(
        update_run(a_run(), equals("version", 2), clears=True),
        update_stage(a_stage(), events=happened("run-1", "suspended")),
    )

    assert update.clears
    assert len(update.appends) == 1


def test_an_annotation_pinned_twice_is_put_once() -> None:
    note = an_annotation()

    operations = translated(AddAnnotation(annotation=note), AddAnnotation(annotation=note))

    assert keys_of(operations) == [Key(pk="RUN#run-1", sk="NOTE#note-1")]


def test_making_and_changing_one_item_is_refused() -> None:
    changes: list[Change] = [
        CreateRun(run=a_run(), intake=an_intake()),
        CreateStage(stage=a_stage()),
    ]

    with pytest.raises(ValueError, match="made and changed in one commit"):
        translated(*changes)


def test_changing_a_stage_and_taking_its_place_is_refused() -> None:
    with pytest.raises(ValueError, match="whole and in part"):
        translated(
            update_stage(a_stage(), attempt=1),
            CreateStage(stage=a_stage(id="count", group=2)),
        )


def test_runs_are_kept_apart() -> None:
    operations = translated(
        update_run(a_run(), due_at=after(1)), update_run(a_run(id="run-2"), due_at=after(2))
    )

    moments = [
        operation.sets["due_at",] for operation in operations if isinstance(operation, Update)
    ]
    assert moments == ["2026-01-01T12:01:00.000Z", "2026-01-01T12:02:00.000Z"]


def test_a_run_that_is_only_required_is_not_written() -> None:
    note, required = translated(
        AddAnnotation(annotation=an_annotation()), RequireRun(run_id="run-1")
    )

    assert required == Require(key=RUN, requires=((Check(path=("pk",), sign=Sign.PRESENT),),))
    assert note.key != RUN


def test_what_is_required_and_written_is_one_update() -> None:
    first = one_update(RequireRun(run_id="run-1"), update_run(a_run(), priority=9))
    second = one_update(update_run(a_run(), priority=9), RequireRun(run_id="run-1"))

    assert first == second == one_update(update_run(a_run(), priority=9))
