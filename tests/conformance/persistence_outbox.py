"""Events wait in order with the record that they were committed with."""

from kernel.model.change import equals
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Given,
    Ground,
    alone_or_not,
    given_run,
    given_sibling,
    goes_in,
    happened,
    names_of,
    waiting,
)
from tests.support.builders import (
    update_run,
    update_stage,
)


class OutboxPromises(Ground):
    def test_events_of_one_commit_keep_their_order(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)

        persistence.commit([update_run(run, events=happened(run_id, "c", "a", "b"))])

        assert names_of(persistence.run(run_id).outbox) == ["c", "a", "b"]

    def test_events_are_appended_never_set(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id, outbox=happened(run_id, "created"))

        persistence.commit([update_run(run, events=happened(run_id, "one"))])
        persistence.commit([update_run(run, events=happened(run_id, "two", "three"))])

        stored = persistence.run(run_id)
        assert names_of(stored.outbox) == ["created", "one", "two", "three"]

    @alone_or_not
    def test_a_stages_events_are_appended_too(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, outbox=happened(run_id, "made"))

        persistence.commit([update_stage(stage, events=happened(run_id, "one"))])
        persistence.commit([update_stage(stage, events=happened(run_id, "two", "three"))])

        assert waiting(persistence, run_id) == ["made", "one", "two", "three"]

    def test_a_siblings_events_wait_with_it(self, persistence: Persistence, run_id: str) -> None:
        stage = given_sibling(persistence, run_id)

        persistence.commit([update_stage(stage, events=happened(run_id, "one"))])

        assert names_of(persistence.standing(stage.key).stage.outbox) == ["one"]
        assert persistence.run(run_id).outbox == ()

    def test_a_clear_empties_the_outbox(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(persistence, run_id, outbox=happened(run_id, "created"))

        persistence.commit([update_run(run, equals("version", run.version), clears=True)])

        assert persistence.run(run_id).outbox == ()

    def test_a_clear_leaves_what_came_in_between(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id, outbox=happened(run_id, "created"))
        persistence.commit([update_run(run, events=happened(run_id, "started"))])

        cleared = goes_in(
            persistence, update_run(run, equals("version", run.version), clears=True)
        )

        assert not cleared
        assert names_of(persistence.run(run_id).outbox) == ["created", "started"]

    def test_a_clear_with_events_leaves_these(self, persistence: Persistence, run_id: str) -> None:
        stage = given_sibling(persistence, run_id, outbox=happened(run_id, "old"))
        change = update_stage(
            stage,
            equals("version", stage.version),
            events=happened(run_id, "new"),
            clears=True,
        )

        persistence.commit([change])

        assert names_of(persistence.standing(stage.key).stage.outbox) == ["new"]
