"""What a rerun leaves, hides and replaces."""

from dataclasses import replace

import pytest

from kernel.model.change import CreateStage, KeepPast
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_advances import following
from tests.conformance.persistence_ground import (
    Ground,
    by_itself,
    completion,
    given_solo,
    running,
)
from tests.support.builders import a_failure, a_run, a_stage, after, update_run, update_stage


class RerunPromises(Ground):
    def test_a_rerun_makes_a_settled_stage_anew(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit([completion(stage), update_run(run, status=Status.COMPLETED)])
        anew = a_stage(run_id=run_id, generation=1, created_at=after(30))

        persistence.commit(
            [
                update_run(run, status=Status.RUNNING, generation=1, cursor=1),
                CreateStage(stage=anew),
            ]
        )

        found = persistence.standing(stage.key).stage
        assert by_itself(found) == anew
        assert persistence.snapshot(run_id).stages == (found,)
        assert list(persistence.group(run_id, 1)) == [found]

    @pytest.mark.parametrize("solo", [True, False])
    def test_a_stage_is_found_whatever_its_key_believes_of_its_group(
        self, persistence: Persistence, run_id: str, *, solo: bool
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        key = replace(stage.key, solo=solo)
        active = persistence.standing(key).stage
        persistence.commit([completion(stage), update_run(run, status=Status.COMPLETED)])
        settled = persistence.standing(key).stage
        anew = a_stage(run_id=run_id, generation=1)
        persistence.commit([update_run(run, generation=1), CreateStage(stage=anew)])

        found = [active.status, settled.status, by_itself(persistence.standing(key).stage)]

        assert found == [Status.RUNNING, Status.COMPLETED, anew]

    def test_a_stage_made_anew_among_siblings_hides_the_one_that_was_alone(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit([update_stage(stage, status=Status.CANCELLED, lease=None)])
        group = [a_stage(run_id=run_id, solo=False, generation=1, ordinal=nth) for nth in (0, 1)]
        siblings = (group[0], replace(group[1], id="other"))

        persistence.commit(
            [update_run(run, generation=1), *(CreateStage(stage=each) for each in siblings)]
        )

        assert persistence.snapshot(run_id).stages == siblings
        assert persistence.standing(siblings[0].key).stage == siblings[0]
        assert persistence.head(run_id).active is None

    def test_a_stage_settled_anew_replaces_its_older_result(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit([completion(stage, error=a_failure()), update_run(run, cursor=2)])
        anew = a_stage(run_id=run_id, generation=1, **running("token-9"))
        persistence.commit([update_run(run, generation=1), CreateStage(stage=anew)])
        settled = completion(anew, settled_by="token-9")

        persistence.commit([settled, update_run(a_run(id=run_id), cursor=2)])

        assert by_itself(persistence.standing(stage.key).stage) == settled.stage

    def test_results_of_earlier_groups_outlive_a_rerun(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit(
            [completion(stage), update_run(run, cursor=2), CreateStage(stage=following(run_id))]
        )
        kept = persistence.standing(stage.key).stage

        anew = following(run_id, generation=1)
        persistence.commit([update_run(run, generation=1, cursor=2), CreateStage(stage=anew)])

        assert persistence.snapshot(run_id).stages[0] == kept
        assert by_itself(persistence.standing(anew.key).stage) == anew

    def test_what_is_kept_of_the_past_is_read_as_it_was(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        kept = persistence.standing(stage.key).stage
        later = replace(kept, generation=1)

        persistence.commit([KeepPast(stage=later), KeepPast(stage=kept)])
        persistence.commit([KeepPast(stage=kept)])

        assert persistence.past(run_id) == [
            replace(kept, outbox=(), due_at=None),
            replace(later, outbox=(), due_at=None),
        ]
        assert persistence.snapshot(run_id).stages == (kept,)

    def test_a_run_without_a_past_has_none(self, persistence: Persistence, run_id: str) -> None:
        assert persistence.past(run_id) == []
