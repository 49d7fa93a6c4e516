"""What removing promises: all that belongs to a run goes, and nothing else does."""

from typing import Any

import pytest

from kernel.errors import ConditionFailedError, NotFoundError
from kernel.model.change import AddAnnotation, DeleteRun, KeepPast, equals, present
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Ground,
    completion,
    given_group,
    given_solo,
    running,
)
from tests.support.builders import NOON, a_stage, after, an_annotation, update_run

PLENTY = 1_000


def deletion(run_id: str) -> DeleteRun:
    return DeleteRun(run_id=run_id, requires=(present("retired_at"), equals("generation", 0)))


def siblings(persistence: Persistence, run_id: str, *ids: str, **fields: Any) -> list[StageRecord]:
    """Store a run in a group of so many stages."""
    stages = [
        a_stage(run_id=run_id, id=id_, ordinal=nth, solo=False, **fields)
        for nth, id_ in enumerate(ids)
    ]
    given_group(persistence, run_id, stages)
    return stages


class RemovalPromises(Ground):
    def test_all_that_belongs_to_a_run_is_erased_but_the_run(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stages = siblings(persistence, run_id, "a", "b", "c")
        persistence.commit([KeepPast(stage=stages[0])])
        persistence.commit([AddAnnotation(annotation=an_annotation(run_id=run_id))])

        left = persistence.erase(run_id, limit=PLENTY)

        assert not left
        assert persistence.snapshot(run_id).stages == ()
        assert [*persistence.past(run_id), *persistence.annotations(run_id)] == []
        assert persistence.run(run_id).id == run_id
        with pytest.raises(NotFoundError):
            persistence.standing(stages[0].key)

    def test_what_is_erased_is_not_due(self, persistence: Persistence, run_id: str) -> None:
        siblings(persistence, run_id, "a", "b", due_at=after(3))

        persistence.erase(run_id, limit=PLENTY)

        dues = persistence.due(by=after(60), limit=10_000)
        assert [due.stage for due in dues if due.run_id == run_id and due.stage] == []

    def test_a_settled_stage_is_erased_as_well(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        persistence.commit([completion(stage)])

        persistence.erase(run_id, limit=PLENTY)

        assert list(persistence.group(run_id, stage.group)) == []

    def test_it_is_said_whether_something_may_be_left(
        self, persistence: Persistence, run_id: str
    ) -> None:
        siblings(persistence, run_id, "a", "b", "c", "d", "e")

        first = persistence.erase(run_id, limit=2)
        between = len(persistence.snapshot(run_id).stages)
        rounds = [persistence.erase(run_id, limit=2) for _ in range(5)]

        assert first
        assert between < 5
        assert not rounds[-1]
        assert persistence.snapshot(run_id).stages == ()

    def test_others_keep_what_is_theirs(self, persistence: Persistence, run_id: str) -> None:
        siblings(persistence, run_id, "a", "b")
        other = f"{run_id}-too"
        siblings(persistence, other, "a", "b")

        persistence.erase(run_id, limit=PLENTY)

        assert len(persistence.snapshot(other).stages) == 2
        assert persistence.intake(other).run_id == other

    def test_erasing_what_is_not_there_is_fine(
        self, persistence: Persistence, run_id: str
    ) -> None:
        assert not persistence.erase(run_id, limit=PLENTY)

    def test_a_run_is_deleted_if_it_is_as_required(
        self, persistence: Persistence, run_id: str
    ) -> None:
        siblings(persistence, run_id, "a", "b")
        run = persistence.run(run_id)
        with pytest.raises(ConditionFailedError):
            persistence.commit([deletion(run_id)])
        persistence.commit([update_run(run, status=Status.FAILED, retired_at=NOON)])
        persistence.erase(run_id, limit=PLENTY)

        persistence.commit([deletion(run_id)])

        with pytest.raises(NotFoundError):
            persistence.run(run_id)
        assert run_id not in {due.run_id for due in persistence.due(by=after(60), limit=10_000)}

    def test_a_run_that_is_not_there_cannot_be_deleted(
        self, persistence: Persistence, run_id: str
    ) -> None:
        with pytest.raises(ConditionFailedError):
            persistence.commit([deletion(run_id)])
