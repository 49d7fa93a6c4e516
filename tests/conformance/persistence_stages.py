"""What becomes of stages: made once in a generation, claimed, settled, replaced."""

from dataclasses import replace

import pytest

from kernel.errors import ConditionFailedError
from kernel.model.change import CreateStage, equals
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Changing,
    Given,
    Ground,
    alone_or_not,
    by_itself,
    completion,
    given_group,
    given_run,
    given_sibling,
    given_solo,
    goes_in,
    happened,
    running,
    waiting,
)
from tests.support.builders import a_lease, a_run, a_stage, after, update_run, update_stage


class StagePromises(Ground):
    @alone_or_not
    def test_an_update_returns_the_stage_after_it(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, digest="d1")
        # Whoever claims knows no more than the bell says.
        known = a_stage(run_id=run_id, solo=stage.solo)
        claim = update_stage(known, equals("status", Status.PENDING), **running())

        after_it = persistence.update(claim)

        assert after_it.stage == persistence.standing(stage.key).stage
        assert (after_it.stage.attempt, after_it.stage.digest) == (1, "d1")
        assert after_it.stage.version > stage.version

    def test_an_update_of_a_stage_alone_returns_the_run_too(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id)

        after_it = persistence.update(update_stage(stage, **running()))

        assert after_it.run == persistence.run(run_id)

    @alone_or_not
    def test_a_stage_is_found_by_whoever_thinks_otherwise_of_its_group(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id)
        mistaken = replace(stage.key, solo=not stage.solo)

        found = persistence.standing(mistaken)

        assert found == persistence.standing(stage.key)
        assert (found.run is not None) == stage.solo

    def test_an_update_of_a_sibling_does_not_read_the_run(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_sibling(persistence, run_id)

        after_it = persistence.update(update_stage(stage, **running()))

        assert after_it.run is None
        assert persistence.standing(stage.key).run is None

    @alone_or_not
    def test_an_update_that_settles_returns_the_settled_stage(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, **running())
        settled = completion(stage, events=happened(run_id, "done"))

        after_it = persistence.update(settled)

        assert by_itself(after_it.stage) == by_itself(settled.stage)
        assert after_it.stage.version > stage.version
        assert waiting(persistence, run_id) == ["done"]

    @alone_or_not
    def test_a_refused_update_changes_nothing(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, **running())
        late = update_stage(
            stage, equals("lease.token", "token-2"), events=happened(run_id, "x"), attempt=9
        )

        with pytest.raises(ConditionFailedError):
            persistence.update(late)

        assert persistence.standing(stage.key).stage == stage

    @alone_or_not
    def test_a_stage_is_made_once_in_a_generation(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, generation=2, **running())
        again = a_stage(run_id=run_id, solo=stage.solo, generation=2)
        older = replace(again, generation=1)
        run = persistence.run(run_id)

        assert not goes_in(persistence, update_run(run, cursor=1), CreateStage(stage=again))
        assert not goes_in(persistence, update_run(run, cursor=1), CreateStage(stage=older))
        assert persistence.standing(stage.key).stage == stage

    @alone_or_not
    def test_a_newer_generation_replaces_all_of_a_stage(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, **running(), digest="d1")
        newer = a_stage(run_id=run_id, solo=stage.solo, generation=1, created_at=after(9))
        run = persistence.run(run_id)

        persistence.commit([update_run(run, generation=1), CreateStage(stage=newer)])

        assert by_itself(persistence.standing(stage.key).stage) == newer

    def test_a_run_starts_with_its_first_group(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)
        start = update_run(run, equals("status", Status.PENDING), status=Status.RUNNING, cursor=1)
        stages = [
            CreateStage(stage=a_stage(run_id=run_id, solo=False, id=f"s{nth:02}", ordinal=nth))
            for nth in range(49)
        ]

        first = goes_in(persistence, start, *stages)
        second = goes_in(persistence, start, *stages)

        assert (first, second) == (True, False)
        assert len(persistence.snapshot(run_id).stages) == 49

    def test_one_sibling_that_exists_keeps_the_group_from_being_made(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_sibling(persistence, run_id)
        run = persistence.run(run_id)
        others = [replace(stage, id="new"), stage]

        committed = goes_in(
            persistence,
            update_run(run, cursor=2),
            *(CreateStage(stage=each) for each in others),
        )

        assert not committed
        assert persistence.run(run_id).cursor == 1
        assert [each.id for each in persistence.group(run_id, 1)].count("new") == 0

    def test_a_fenced_stage_stays_readable(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, **running())
        fence = update_stage(
            stage, status=Status.CANCELLED, lease=None, completed_at=after(2), due_at=None
        )

        persistence.commit([fence])

        stored = persistence.standing(stage.key).stage
        assert by_itself(stored) == by_itself(fence.stage)
        assert persistence.snapshot(run_id).stages == (stored,)

    def test_the_snapshot_is_in_order(self, persistence: Persistence, run_id: str) -> None:
        second = [
            a_stage(run_id=run_id, solo=False, group=2, id=id_, ordinal=ordinal)
            for ordinal, id_ in enumerate(["zebra", "ant", "bee"])
        ]
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit(
            [
                completion(stage),
                update_run(run, cursor=2),
                *(CreateStage(stage=each) for each in second),
            ]
        )

        snapshot = persistence.snapshot(run_id)

        assert [each.id for each in snapshot.stages] == ["split", "zebra", "ant", "bee"]
        assert snapshot.run == persistence.run(run_id)

    def test_a_group_is_yielded_whole_and_alone(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stages = [
            a_stage(run_id=run_id, solo=False, id=f"s{nth}", ordinal=nth) for nth in range(30)
        ]
        given_group(persistence, run_id, stages)
        given_group(persistence, f"{run_id}-other", [a_stage(run_id=f"{run_id}-other")])
        run = persistence.run(run_id)
        ahead = a_stage(run_id=run_id, solo=False, group=2, generation=1)
        persistence.commit([update_run(run, priority=1), CreateStage(stage=ahead)])

        found = list(persistence.group(run_id, 1))

        assert sorted(found, key=lambda stage: stage.ordinal) == stages
        assert list(persistence.group(run_id, 2)) == [ahead]
        assert list(persistence.group(run_id, 3)) == []
        assert list(persistence.group(f"{run_id}-nobody", 1)) == []

    def test_a_group_may_be_left_early(self, persistence: Persistence, run_id: str) -> None:
        stage = given_sibling(persistence, run_id)

        first = next(iter(persistence.group(run_id, 1)))

        assert first.id in {stage.id, "other"}

    @pytest.mark.parametrize(
        "change",
        [
            lambda stage: update_stage(stage, attempt=0),
            completion,
            lambda stage: update_stage(stage, status=Status.CANCELLED),
        ],
        ids=["active", "settled", "fenced"],
    )
    def test_a_group_of_one_is_yielded_wherever_it_lies(
        self, persistence: Persistence, run_id: str, change: Changing
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        persistence.commit([change(stage)])

        found = list(persistence.group(run_id, 1))

        assert found == [persistence.standing(stage.key).stage]
        assert list(persistence.group(run_id, 2)) == []

    def test_the_head_is_the_run_with_its_active_stage(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, lease=a_lease())

        head = persistence.head(run_id)

        assert head.run == persistence.run(run_id)
        assert head.active == stage

    @pytest.mark.parametrize(
        "change",
        [
            completion,
            lambda stage: update_stage(stage, status=Status.CANCELLED),
            lambda stage: update_run(a_run(id=stage.run_id), generation=1),
            lambda stage: update_run(a_run(id=stage.run_id), cursor=2),
        ],
        ids=["settled", "fenced", "of an older generation", "of another group"],
    )
    def test_a_stage_that_is_not_active_is_not_in_the_head(
        self, persistence: Persistence, run_id: str, change: Changing
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        persistence.commit([change(stage)])

        assert persistence.head(run_id).active is None

    def test_siblings_are_not_in_the_head(self, persistence: Persistence, run_id: str) -> None:
        given_run(persistence, f"{run_id}-pending")
        given_sibling(persistence, run_id)

        assert persistence.head(f"{run_id}-pending").active is None
        assert persistence.head(run_id).active is None
