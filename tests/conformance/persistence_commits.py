"""What a commit promises: all or nothing, the first writer wins, nothing is lost."""

import pytest

from kernel.errors import ConditionFailedError, NotFoundError
from kernel.model.change import CreateRun, SaveIdempotency, absent, equals
from kernel.model.run import Closing
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Given,
    Ground,
    alone_or_not,
    given_run,
    given_sibling,
    given_solo,
    goes_in,
    happened,
)
from tests.support.builders import (
    a_failure,
    a_run,
    a_stage,
    after,
    an_idempotency_record,
    an_intake,
    update_run,
    update_stage,
)


class CommitPromises(Ground):
    def test_the_second_of_two_writers_loses(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id)
        mine = update_run(run, equals("version", run.version), priority=1)
        theirs = update_run(run, equals("version", run.version), priority=9)
        persistence.commit([theirs])

        with pytest.raises(ConditionFailedError):
            persistence.commit([mine])

        assert persistence.run(run_id).priority == 9

    def test_a_run_is_created_once(self, persistence: Persistence, run_id: str) -> None:
        given_run(persistence, run_id, tenant="first")
        again = CreateRun(run=a_run(id=run_id, tenant="second"), intake=an_intake(run_id=run_id))

        with pytest.raises(ConditionFailedError):
            persistence.commit([again])

        assert persistence.run(run_id).tenant == "first"

    def test_one_change_that_cannot_be_made_undoes_the_others(
        self, persistence: Persistence, run_id: str
    ) -> None:
        sibling = given_sibling(persistence, run_id)
        run = persistence.run(run_id)
        record = an_idempotency_record(run_id=run_id, key=run_id)

        committed = goes_in(
            persistence,
            update_run(run, priority=9),
            SaveIdempotency(record=record, now=after(0)),
            update_stage(sibling, equals("attempt", 7), attempt=8),
        )

        assert not committed
        assert persistence.run(run_id) == run
        assert persistence.standing(sibling.key).stage == sibling
        assert persistence.idempotency(record.command, record.key) is None

    def test_a_commit_may_span_runs(self, persistence: Persistence, run_id: str) -> None:
        one = given_run(persistence, f"{run_id}-1")
        two = given_run(persistence, f"{run_id}-2")

        failed = goes_in(
            persistence,
            update_run(one, priority=1),
            update_run(two, equals("status", Status.RUNNING), priority=1),
        )
        done = goes_in(persistence, update_run(one, priority=2), update_run(two, priority=2))

        assert (failed, done) == (False, True)
        assert persistence.run(one.id).priority == persistence.run(two.id).priority == 2

    def test_a_commit_of_nothing_changes_nothing(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)

        persistence.commit([])

        assert persistence.run(run_id) == run

    def test_only_what_is_written_changes(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id, tenant="acme", priority=5)
        persistence.commit([update_run(run, tenant="other", error=a_failure())])

        persistence.commit([update_run(run, priority=8)])

        stored = persistence.run(run_id)
        assert (stored.tenant, stored.priority, stored.error) == ("other", 8, a_failure())

    @alone_or_not
    def test_only_what_is_written_changes_in_a_stage(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id)
        persistence.commit([update_stage(stage, attempt=2, digest="d1", error=a_failure())])

        persistence.commit([update_stage(stage, stumbles=1)])

        stored = persistence.standing(stage.key).stage
        assert (stored.attempt, stored.digest, stored.stumbles) == (2, "d1", 1)
        assert stored.error == a_failure()

    def test_what_is_written_as_none_is_gone(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id, tenant="acme", error=a_failure(), due_at=after(1))

        persistence.commit([update_run(run, tenant=None, error=None, due_at=None)])

        stored = persistence.run(run_id)
        assert (stored.tenant, stored.error, stored.due_at) == (None, None, None)
        assert goes_in(persistence, update_run(run, absent("error"), absent("tenant")))

    @alone_or_not
    def test_what_is_written_as_none_is_gone_from_a_stage(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, not_before=after(1), error=a_failure(), digest="d1")

        persistence.commit([update_stage(stage, not_before=None, error=None)])

        stored = persistence.standing(stage.key).stage
        assert (stored.not_before, stored.error, stored.digest) == (None, None, "d1")

    def test_each_write_moves_the_version_by_one(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)

        persistence.commit([update_run(run, priority=1)])
        persistence.commit([update_run(run, events=happened(run_id, "a"))])
        persistence.commit([update_run(run, equals("version", 3), clears=True)])

        assert persistence.run(run_id).version == run.version + 3

    @alone_or_not
    def test_each_write_moves_a_stages_version(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id)

        persistence.commit([update_stage(stage, attempt=1)])
        persistence.commit([update_stage(stage, events=happened(run_id, "a"))])

        assert persistence.standing(stage.key).stage.version == stage.version + 2

    def test_a_push_back_does_not_move_the_version(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id, due_at=after(1))

        persistence.commit([update_run(run, equals("version", run.version), due_at=after(9))])

        stored = persistence.run(run_id)
        assert (stored.version, stored.due_at) == (run.version, after(9))

    @alone_or_not
    def test_a_push_back_does_not_move_a_stages_version(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, due_at=after(1))

        persistence.commit([update_stage(stage, equals("due_at", after(1)), due_at=after(9))])

        stored = persistence.standing(stage.key).stage
        assert (stored.version, stored.due_at) == (stage.version, after(9))

    def test_a_repeat_of_a_commit_is_told_that_it_is_late(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id)
        claim = update_stage(
            stage,
            equals("status", Status.PENDING),
            status=Status.RUNNING,
            settled_by="mine",
        )
        persistence.commit([claim])

        repeated = goes_in(persistence, claim)

        assert not repeated
        assert persistence.standing(stage.key).stage.settled_by == "mine"

    def test_what_is_not_there_fulfils_no_condition(
        self, persistence: Persistence, run_id: str
    ) -> None:
        nobody = a_run(id=run_id)

        committed = goes_in(persistence, update_run(nobody, absent("closing"), priority=1))

        assert not committed
        with pytest.raises(NotFoundError):
            persistence.run(run_id)

    @pytest.mark.parametrize("solo", [True, False])
    def test_a_stage_that_is_not_there_fulfils_no_condition(
        self, persistence: Persistence, run_id: str, *, solo: bool
    ) -> None:
        given_run(persistence, run_id)
        nobody = a_stage(run_id=run_id, solo=solo)

        with pytest.raises(ConditionFailedError):
            persistence.update(update_stage(nobody, absent("lease"), attempt=1))

        assert persistence.snapshot(run_id).stages == ()

    def test_closing_is_written_and_seen(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id)
        closing = Closing(target=Status.CANCELLED, reason="changed my mind")

        first = goes_in(persistence, update_run(run, absent("closing"), closing=closing))
        second = goes_in(persistence, update_run(run, absent("closing"), closing=closing))

        assert (first, second) == (True, False)
        assert persistence.run(run_id).closing == closing
