"""Who serves which queue is kept as it was said last, a queue for itself."""

from datetime import timedelta

from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import Ground, given_run
from tests.support.builders import NOON, a_presence, after


class PresencePromises(Ground):
    def test_a_presence_comes_back_whole(self, persistence: Persistence, run_id: str) -> None:
        presence = a_presence(
            queue=run_id,
            worker_id="host.example-17",
            since=after(-90),
            seen_at=NOON,
            expires_at=NOON + timedelta(milliseconds=1),
            fingerprints={"render": "8a1f", "ré.train-2": "00"},
        )

        persistence.note_presence(presence)

        assert persistence.presences(run_id) == [presence]

    def test_a_worker_is_present_as_it_said_last(
        self, persistence: Persistence, run_id: str
    ) -> None:
        presence = a_presence(queue=run_id)
        persistence.note_presence(presence.renewed(at=after(1)))

        persistence.note_presence(presence.ended(at=after(2)))

        assert persistence.presences(run_id) == [presence.ended(at=after(2))]

    def test_each_queue_has_workers_of_its_own(
        self, persistence: Persistence, run_id: str
    ) -> None:
        said = [
            a_presence(queue=f"{run_id}{queue}", worker_id=worker)
            for queue, worker in (("a", "w2"), ("a", "w1"), ("ab", "w1"), ("b", "w3"))
        ]
        for presence in said:
            persistence.note_presence(presence)

        found = persistence.presences(f"{run_id}a")

        assert [each.worker_id for each in found] == ["w1", "w2"]
        assert persistence.presences(run_id) == []

    def test_a_queue_called_like_a_run_is_none(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)

        persistence.note_presence(a_presence(queue=run_id))
        persistence.erase(run_id, limit=10)

        assert persistence.run(run_id) == run
        assert persistence.presences(run_id) == [a_presence(queue=run_id)]
