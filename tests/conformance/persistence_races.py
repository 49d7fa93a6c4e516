"""Many at once: one wins, nothing is lost."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from kernel.model.change import CreateRun, CreateStage, SaveIdempotency, equals
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Given,
    Ground,
    alone_or_not,
    completion,
    given_solo,
    goes_in,
    happened,
    running,
    waiting,
)
from tests.support.builders import (
    NOON,
    a_run,
    a_stage,
    an_idempotency_record,
    an_intake,
    update_run,
    update_stage,
)

CROWD = 8


def at_once(act: Callable[[int], bool]) -> Sequence[int]:
    """Let a crowd *act* at the same moment; return the numbers of those who succeeded."""
    barrier = Barrier(CROWD)

    def act_together(number: int) -> bool:
        barrier.wait()
        return act(number)

    with ThreadPoolExecutor(CROWD) as crowd:
        results = list(crowd.map(act_together, range(CROWD)))
    return [number for number, succeeded in enumerate(results) if succeeded]


class RacePromises(Ground):
    @alone_or_not
    def test_one_of_many_claims_wins(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id)
        pending = equals("status", Status.PENDING)

        winners = at_once(
            lambda number: goes_in(
                persistence, update_stage(stage, pending, **running(f"token-{number}"))
            )
        )

        assert len(winners) == 1
        lease = persistence.standing(stage.key).stage.lease
        assert lease is not None
        assert lease.token == f"token-{winners[0]}"

    def test_one_of_many_advances_wins(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        following = a_stage(run_id=run_id, id="count", group=2)

        winners = at_once(
            lambda number: goes_in(
                persistence,
                completion(stage, settled_by=f"worker-{number}"),
                update_run(run, equals("cursor", 1), cursor=2),
                CreateStage(stage=following),
            )
        )

        assert len(winners) == 1
        settled = persistence.standing(stage.key).stage
        assert settled.settled_by == f"worker-{winners[0]}"

    def test_one_of_many_admissions_wins(self, persistence: Persistence, run_id: str) -> None:
        records = [
            an_idempotency_record(key=run_id, run_id=f"{run_id}-{number}")
            for number in range(CROWD)
        ]

        winners = at_once(
            lambda number: goes_in(
                persistence,
                CreateRun(
                    run=a_run(id=f"{run_id}-{number}"),
                    intake=an_intake(run_id=f"{run_id}-{number}"),
                ),
                SaveIdempotency(record=records[number], now=NOON),
            )
        )

        assert len(winners) == 1
        assert persistence.idempotency("run.create", run_id) == records[winners[0]]

    @alone_or_not
    def test_no_event_of_many_is_lost(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id)

        winners = at_once(
            lambda number: goes_in(
                persistence, update_stage(stage, events=happened(run_id, str(number)))
            )
        )

        assert len(winners) == CROWD
        assert sorted(waiting(persistence, run_id)) == [str(number) for number in range(CROWD)]
        assert persistence.standing(stage.key).stage.version == stage.version + CROWD
