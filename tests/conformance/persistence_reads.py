"""What reads promise: what is due, which key was used, what was pinned, and what is not there."""

from datetime import UTC, datetime

import pytest

from kernel.errors import NotFoundError
from kernel.model.change import AddAnnotation, CreateStage, SaveIdempotency
from kernel.model.status import Status
from kernel.ports.persistence import Due, Persistence
from tests.conformance.persistence_ground import (
    Ground,
    completion,
    given_group,
    given_run,
    given_sibling,
    given_solo,
    goes_in,
    running,
)
from tests.support.builders import (
    NOON,
    a_stage,
    after,
    an_annotation,
    an_idempotency_record,
    update_run,
    update_stage,
)

LONG_AGO = datetime(1999, 12, 31, 23, 59, tzinfo=UTC)
PLENTY = 10_000
AN_HOUR_ON = after(60)


def due_of(persistence: Persistence, run_id: str, *, by: datetime = AN_HOUR_ON) -> list[Due]:
    return [due for due in persistence.due(by=by, limit=PLENTY) if due.run_id == run_id]


class ReadPromises(Ground):
    def test_a_run_that_is_not_there_is_not_found(
        self, persistence: Persistence, run_id: str
    ) -> None:
        with pytest.raises(NotFoundError, match=run_id):
            persistence.run(run_id)
        with pytest.raises(NotFoundError, match=run_id):
            persistence.head(run_id)
        with pytest.raises(NotFoundError, match=run_id):
            persistence.snapshot(run_id)
        with pytest.raises(NotFoundError, match=run_id):
            persistence.intake(run_id)

    @pytest.mark.parametrize("solo", [True, False])
    def test_a_stage_that_is_not_there_is_not_found(
        self, persistence: Persistence, run_id: str, *, solo: bool
    ) -> None:
        key = a_stage(run_id=run_id, solo=solo).key

        with pytest.raises(NotFoundError, match="split"):
            persistence.standing(key)
        given_run(persistence, run_id)
        with pytest.raises(NotFoundError, match="split"):
            persistence.standing(key)

    def test_a_run_is_due_from_its_moment_on(self, persistence: Persistence, run_id: str) -> None:
        given_run(persistence, run_id, due_at=after(1))

        assert due_of(persistence, run_id, by=after(0.99)) == []
        assert due_of(persistence, run_id, by=after(1)) == [Due(run_id=run_id, at=after(1))]

    def test_what_has_no_moment_is_never_due(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id, due_at=after(1))

        persistence.commit([update_run(run, due_at=None)])

        assert due_of(persistence, run_id) == []

    def test_a_sibling_is_due_by_itself(self, persistence: Persistence, run_id: str) -> None:
        stage = given_sibling(persistence, run_id)

        persistence.commit([update_stage(stage, due_at=after(2))])

        assert due_of(persistence, run_id) == [Due(run_id=run_id, at=after(2), stage=stage.key)]

    def test_a_sibling_is_due_from_the_start(self, persistence: Persistence, run_id: str) -> None:
        stages = [
            a_stage(run_id=run_id, solo=False, id="a#1", group=12, due_at=after(1)),
            a_stage(run_id=run_id, solo=False, id="b", group=12, ordinal=1, due_at=after(2)),
        ]

        given_group(persistence, run_id, stages)

        assert [due.stage for due in due_of(persistence, run_id)] == [
            stage.key for stage in stages
        ]

    def test_a_stage_alone_in_its_group_is_due_with_its_run(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, due_at=after(1))

        created = due_of(persistence, run_id)
        persistence.commit([update_stage(stage, due_at=after(3), attempt=1)])
        moved = due_of(persistence, run_id)

        assert [due.at for due in created] == [after(1)]
        assert [due.at for due in moved] == [after(3)]
        assert all(due.stage in {None, stage.key} for due in (*created, *moved))

    def test_a_write_that_does_not_name_the_moment_leaves_it(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, due_at=after(1))

        persistence.commit([update_stage(stage, **running())])

        assert [due.at for due in due_of(persistence, run_id)] == [after(1)]

    def test_after_an_advance_the_next_stage_is_due(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, due_at=after(5), **running())
        run = persistence.run(run_id)
        following = a_stage(run_id=run_id, id="count", group=2, due_at=after(7))

        persistence.commit(
            [
                completion(stage),
                update_run(run, cursor=2, due_at=None),
                CreateStage(stage=following),
            ]
        )

        assert [due.at for due in due_of(persistence, run_id)] == [after(7)]

    def test_the_earlier_of_two_moments_counts(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id, due_at=after(1))
        stage = a_stage(run_id=run_id, due_at=after(7))

        persistence.commit(
            [update_run(run, status=Status.RUNNING, due_at=after(4)), CreateStage(stage=stage)]
        )

        assert min(due.at for due in due_of(persistence, run_id)) == after(4)

    def test_a_finished_run_is_due_no_more(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, due_at=after(5), **running())
        run = persistence.run(run_id)

        persistence.commit(
            [completion(stage), update_run(run, status=Status.COMPLETED, due_at=None)]
        )

        assert due_of(persistence, run_id) == []

    def test_the_earliest_come_first_and_no_more_than_asked_for(
        self, persistence: Persistence, run_id: str
    ) -> None:
        moments = [LONG_AGO.replace(microsecond=ms * 1000) for ms in (7, 3, 9, 1, 5)]
        for nth, moment in enumerate(moments):
            given_run(persistence, f"{run_id}-{nth}", due_at=moment)

        found = persistence.due(by=LONG_AGO.replace(second=1), limit=3)

        assert [due.at for due in found] == sorted(moments)[:3]

    def test_what_only_waits_for_its_removal_comes_behind_all_else(
        self, persistence: Persistence, run_id: str
    ) -> None:
        over, moving, ends = (f"{run_id}-{name}" for name in ("over", "moving", "ends"))
        given_run(persistence, over, status=Status.COMPLETED, due_at=LONG_AGO)
        given_run(persistence, moving, due_at=LONG_AGO.replace(microsecond=7_000))
        ending = given_run(persistence, ends, due_at=LONG_AGO.replace(microsecond=3_000))
        earlier = LONG_AGO.replace(microsecond=2_000)

        persistence.commit([update_run(ending, status=Status.COMPLETED, due_at=earlier)])

        found = persistence.due(by=LONG_AGO.replace(second=1), limit=PLENTY)
        mine = [due.run_id for due in found if due.run_id.startswith(run_id)]
        assert mine == [moving, over, ends]

    def test_an_unknown_key_was_used_for_nothing(
        self, persistence: Persistence, run_id: str
    ) -> None:
        record = an_idempotency_record(key=run_id)

        persistence.commit([SaveIdempotency(record=record, now=NOON)])

        assert persistence.idempotency("run.create", f"{run_id}!") is None
        assert persistence.idempotency("run.rerunFrom", run_id) is None

    def test_a_key_serves_once(self, persistence: Persistence, run_id: str) -> None:
        first = an_idempotency_record(key=run_id, run_id="first", expires_at=after(10))
        second = an_idempotency_record(key=run_id, run_id="second", expires_at=after(20))
        persistence.commit([SaveIdempotency(record=first, now=after(0))])

        committed = goes_in(persistence, SaveIdempotency(record=second, now=after(9)))

        assert not committed
        assert persistence.idempotency("run.create", run_id) == first

    def test_an_expired_key_serves_again(self, persistence: Persistence, run_id: str) -> None:
        first = an_idempotency_record(key=run_id, run_id="first", expires_at=after(10))
        second = an_idempotency_record(key=run_id, run_id="second", expires_at=after(20))
        persistence.commit([SaveIdempotency(record=first, now=after(0))])

        committed = goes_in(persistence, SaveIdempotency(record=second, now=after(11)))

        assert committed
        assert persistence.idempotency("run.create", run_id) == second

    def test_annotations_come_oldest_first(self, persistence: Persistence, run_id: str) -> None:
        moments = {"c": 1, "a": 3, "b": 2}
        notes = {
            id_: an_annotation(id=id_, run_id=run_id, at=after(minutes))
            for id_, minutes in moments.items()
        }

        persistence.commit([AddAnnotation(annotation=note) for note in notes.values()])

        found = persistence.annotations(run_id)
        assert [note.id for note in found] == ["c", "b", "a"]

    def test_a_repeated_annotation_is_one_row(self, persistence: Persistence, run_id: str) -> None:
        note = an_annotation(run_id=run_id)

        persistence.commit([AddAnnotation(annotation=note)])
        persistence.commit([AddAnnotation(annotation=note), AddAnnotation(annotation=note)])

        assert list(persistence.annotations(run_id)) == [note]

    def test_runs_do_not_see_each_others_annotations(
        self, persistence: Persistence, run_id: str
    ) -> None:
        note = an_annotation(run_id=f"{run_id}-1")

        persistence.commit([AddAnnotation(annotation=note)])

        assert list(persistence.annotations(run_id)) == []
