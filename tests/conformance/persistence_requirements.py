"""What a commit may require of a run that it does not write."""

import pytest

from kernel.errors import ConditionFailedError, NotFoundError
from kernel.model.change import AddAnnotation, RequireRun, equals
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
)
from tests.support.builders import an_annotation, update_run, update_stage


class RequirePromises(Ground):
    def test_nothing_goes_in_beside_a_run_that_is_not_there(
        self, persistence: Persistence, run_id: str
    ) -> None:
        note = AddAnnotation(annotation=an_annotation(run_id=run_id))

        with pytest.raises(ConditionFailedError):
            persistence.commit([note, RequireRun(run_id=run_id)])

        assert persistence.annotations(run_id) == []
        with pytest.raises(NotFoundError):
            persistence.run(run_id)

    @alone_or_not
    def test_a_run_that_is_only_required_stays_as_it_was(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        given(persistence, run_id)
        before = persistence.snapshot(run_id)
        note = an_annotation(run_id=run_id)

        persistence.commit([RequireRun(run_id=run_id), AddAnnotation(annotation=note)])

        assert persistence.snapshot(run_id) == before
        assert persistence.annotations(run_id) == [note]

    def test_a_run_that_is_over_is_there(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id)
        persistence.commit([update_run(run, status=Status.CANCELLED)])

        assert goes_in(persistence, RequireRun(run_id=run_id))

    def test_a_run_may_be_required_by_itself(self, persistence: Persistence, run_id: str) -> None:
        missing = goes_in(persistence, RequireRun(run_id=run_id))
        run = given_run(persistence, run_id)

        there = goes_in(persistence, RequireRun(run_id=run_id))

        assert (missing, there) == (False, True)
        assert persistence.run(run_id) == run

    def test_a_run_may_be_required_and_changed(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)
        required = RequireRun(run_id=run_id)

        before = goes_in(persistence, required, update_run(run, priority=9))
        after = goes_in(persistence, update_run(run, priority=8), required)

        assert (before, after) == (True, True)
        assert persistence.run(run_id).priority == 8

    @pytest.mark.parametrize("given", [given_solo, given_sibling])
    def test_a_stage_may_change_beside_it(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id)
        required = RequireRun(run_id=run_id)

        refused = goes_in(
            persistence, required, update_stage(stage, equals("attempt", 7), polls=1)
        )
        done = goes_in(persistence, required, required, update_stage(stage, polls=1))

        assert (refused, done) == (False, True)
        assert persistence.standing(stage.key).stage.polls == 1
