"""The cursor layout, seen from inside: which items a commit touches, and how."""

from typing import Any

import pytest

from adapters.dynamodb.keys import Key, intake_key
from adapters.dynamodb.operations import Check, Delete, Put, Sign, Update
from kernel.model.change import (
    CreateRun,
    CreateStage,
    RemoveDeadLetter,
    SaveDeadLetter,
    SaveIdempotency,
    equals,
    not_after,
)
from kernel.model.status import Status
from tests.adapters.dynamodb.translating import (
    DEAD_LETTER,
    DUE_SHARD,
    RUN,
    SPLIT,
    keys_of,
    one_update,
    translated,
)
from tests.conformance.persistence_ground import completion, happened, running
from tests.support.builders import (
    NOON,
    a_dead_letter,
    a_run,
    a_stage,
    after,
    an_idempotency_record,
    an_intake,
    update_run,
    update_stage,
)


def test_creating_a_run_puts_its_state_and_its_intake() -> None:
    run = a_run(due_at=after(1), outbox=happened("run-1", "created"))

    state, intake = translated(CreateRun(run=run, intake=an_intake()))

    assert isinstance(state, Put)
    assert keys_of([state, intake]) == [RUN, intake_key("run-1")]
    assert state.requires == ((Check(path=("pk",), sign=Sign.ABSENT),),)
    assert state.item["due_at"] == "2026-01-01T12:01:00.000Z"
    assert state.item["due_shard"] == DUE_SHARD
    assert state.item["runs_sort"] == "ACTIVE#run-1"
    assert len(state.item["ob"]) == 1


def test_a_claim_is_one_update_of_the_run_item() -> None:
    pending = (equals("status", Status.PENDING), not_after("not_before", NOON))

    claim = one_update(update_stage(a_stage(), *pending, **running(), due_at=after(5)))

    assert claim.key == RUN
    assert claim.requires == (
        (Check(path=("stage", "id"), sign=Sign.SAME, value="split"),),
        (Check(path=("stage", "st"), sign=Sign.AMONG, value=("PENDING",)),),
        (
            Check(path=("stage", "nb"), sign=Sign.ABSENT),
            Check(path=("stage", "nb"), sign=Sign.AT_MOST, value="2026-01-01T12:00:00.000Z"),
        ),
    )
    assert claim.sets["stage", "le"] == {"t": "token-1", "x": "2026-01-01T12:05:00.000Z"}
    assert claim.counts


def test_a_claim_that_leaves_the_moment_moves_no_index() -> None:
    claim = one_update(update_stage(a_stage(), **running()))

    written = claim.sets.keys() | claim.removes

    assert not written & {("due_at",), ("due_shard",), ("runs_sort",), ("runs_hash",)}


def test_a_siblings_claim_is_one_update_of_its_own_item() -> None:
    stage = a_stage(solo=False)

    claim = one_update(update_stage(stage, equals("attempt", 0), **running()))

    assert claim.key == SPLIT
    assert claim.requires == (
        (Check(path=("pk",), sign=Sign.PRESENT),),
        (Check(path=("stage", "at"), sign=Sign.AMONG, value=(0,)),),
    )


def test_settling_and_advancing_are_two_operations() -> None:
    following = a_stage(id="count", group=2, due_at=after(1))

    update, put = translated(
        completion(a_stage(**running())),
        update_run(a_run(), equals("cursor", 1), cursor=2),
        CreateStage(stage=following),
    )

    assert isinstance(update, Update)
    assert isinstance(put, Put)
    assert keys_of([update, put]) == [RUN, SPLIT]
    assert update.sets["stage",]["id"] == "count"
    assert update.sets["run", "cu"] == 2
    assert update.sets["due_at",] == "2026-01-01T12:01:00.000Z"
    assert update.removes == frozenset()
    assert put.item["stage"]["st"] == "COMPLETED"
    assert put.requires == ()


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.SKIPPED])
def test_a_stage_leaves_the_run_item_when_it_settles(status: Status) -> None:
    update, put = translated(completion(a_stage(**running()), status=status))

    assert keys_of([update, put]) == [RUN, SPLIT]


def test_a_settled_stage_is_never_due_and_has_no_outbox() -> None:
    settled = completion(
        a_stage(**running(), outbox=happened("run-1", "old")),
        due_at=after(1),
        events=happened("run-1", "done"),
    )

    update, put = translated(settled)

    assert isinstance(update, Update)
    assert isinstance(put, Put)
    assert put.item.keys() == {"pk", "sk", "stage", "v"}
    assert [text for text in update.appends if '"t":"done"' in text] == list(update.appends)
    assert update.removes == {("stage",)}
    assert update.sets == {}


def test_opening_a_group_of_eight_touches_ten_items() -> None:
    siblings = [a_stage(group=2, solo=False, id=f"s{nth}", ordinal=nth) for nth in range(8)]
    group = [CreateStage(stage=sibling) for sibling in siblings]

    opened = translated(update_run(a_run(), cursor=2), *group)
    settled = translated(completion(a_stage()), update_run(a_run(), cursor=2), *group)

    assert len(opened) == 9
    assert len(settled) == 10


def test_a_new_stage_takes_the_place_of_all_that_was_there() -> None:
    start = one_update(
        update_run(a_run(), status=Status.RUNNING, cursor=1),
        CreateStage(stage=a_stage(generation=2)),
    )

    assert (
        Check(path=("stage", "id"), sign=Sign.ABSENT),
        Check(path=("stage", "id"), sign=Sign.OTHER, value="split"),
        Check(path=("stage", "ge"), sign=Sign.LESS, value=2),
    ) in start.requires
    assert set(start.sets["stage",]) == {
        *(
            "id",
            "wf",
            "gr",
            "or",
            "so",
            "st",
            "ge",
            "at",
            "ma",
            "ug",
            "sb",
            "ps",
            "po",
            "ca",
            "un",
        ),
    }


def test_a_stage_without_a_run_makes_no_ghost() -> None:
    update = one_update(CreateStage(stage=a_stage()))

    assert (Check(path=("pk",), sign=Sign.PRESENT),) in update.requires


def test_a_sibling_is_put_where_there_is_none_or_an_older_one() -> None:
    [put] = translated(CreateStage(stage=a_stage(solo=False, generation=2, due_at=after(1))))

    assert put.requires == (
        (
            Check(path=("pk",), sign=Sign.ABSENT),
            Check(path=("stage", "ge"), sign=Sign.LESS, value=2),
        ),
    )
    assert isinstance(put, Put)
    assert put.item["due_shard"] == DUE_SHARD


@pytest.mark.parametrize(
    "fields",
    [
        {"status": Status.PENDING, "lease": None, "not_before": after(1)},
        {"status": Status.SUSPENDED, "lease": None},
        {"status": Status.CANCELLED, "lease": None},
        {"progress": None},
    ],
    ids=["retried", "suspended", "fenced", "in progress"],
)
def test_a_stage_that_is_not_settled_stays_on_the_run_item(fields: dict[str, Any]) -> None:
    update = one_update(update_stage(a_stage(**running()), **fields))

    assert update.key == RUN
    assert ("stage",) not in update.sets.keys() | update.removes


def test_a_settled_siblings_item_is_updated_in_place() -> None:
    settled = one_update(completion(a_stage(solo=False, **running()), unadvanced=True))

    assert settled.key == SPLIT
    assert settled.removes >= {("stage", "le"), ("due_at",), ("due_shard",)}


def test_the_listing_moves_when_the_class_of_the_status_does() -> None:
    started = one_update(update_run(a_run(), status=Status.RUNNING))
    ended = one_update(update_run(a_run(), status=Status.CANCELLED))
    other = one_update(update_run(a_run(), cursor=2))

    assert started.sets["runs_sort",] == "ACTIVE#run-1"
    assert ended.sets["runs_sort",] == "CANCELLED#run-1"
    assert ("runs_sort",) not in other.sets


def test_a_clear_is_passed_on() -> None:
    update = one_update(update_run(a_run(), equals("version", 2), clears=True))

    assert update.clears
    assert update.counts


def test_a_key_is_saved_where_it_is_new_or_expired() -> None:
    [put] = translated(SaveIdempotency(record=an_idempotency_record(), now=NOON))

    assert put.key == Key(pk="IDEM#run.create#order-7", sk="IDEM")
    assert put.requires == (
        (
            Check(path=("pk",), sign=Sign.ABSENT),
            Check(path=("idem", "x"), sign=Sign.LESS, value="2026-01-01T12:00:00.000Z"),
        ),
    )
    assert isinstance(put, Put)
    assert put.item["expires_at"] == 1_767_873_600


def test_an_event_that_is_given_up_on_costs_its_record_and_one_item() -> None:
    run = a_run(outbox=happened("run-1", "lost"))
    cleared = update_run(run, equals("version", 1), clears=True)

    update, put = translated(cleared, SaveDeadLetter(letter=a_dead_letter()))

    assert keys_of([update, put]) == [RUN, DEAD_LETTER]
    assert isinstance(put, Put)
    assert put.item.keys() == {"pk", "sk", "dead", "expires_at"}


def test_a_dead_letter_is_deleted_where_it_is_there() -> None:
    [delete] = translated(RemoveDeadLetter(letter=a_dead_letter()))

    there = ((Check(path=("pk",), sign=Sign.PRESENT),),)
    assert delete == Delete(key=DEAD_LETTER, requires=there)


def test_no_changes_are_no_operations() -> None:
    assert translated() == []
