"""What settles and moves the run on in one commit: the path that every run takes."""

from dataclasses import replace

import pytest

from kernel.errors import ConditionFailedError
from kernel.model.change import Change, CreateStage, absent, equals
from kernel.model.run import Closing
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Ground,
    by_itself,
    completion,
    given_group,
    given_sibling,
    given_solo,
    goes_in,
    happened,
    names_of,
    running,
    waiting,
)
from tests.support.builders import a_failure, a_stage, after, update_run, update_stage

MINE = equals("lease.token", "token-1")
OPEN = (equals("status", Status.RUNNING), absent("closing"), equals("cursor", 1))


def following(run_id: str, **fields: object) -> StageRecord:
    return a_stage(run_id=run_id, id="count", group=2, created_at=after(3), **fields)


class AdvancePromises(Ground):
    def test_a_stage_settles_and_the_next_one_begins(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        settled = replace(completion(stage), requires=(MINE,))

        persistence.commit(
            [settled, update_run(run, *OPEN, cursor=2), CreateStage(stage=following(run_id))]
        )

        before, now = persistence.snapshot(run_id).stages
        assert by_itself(before) == by_itself(settled.stage)
        assert by_itself(now) == following(run_id)
        assert persistence.standing(stage.key).stage == before
        assert persistence.head(run_id).active == now
        assert persistence.run(run_id).cursor == 2

    def test_the_order_of_the_changes_does_not_matter(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        changes: list[Change] = [
            CreateStage(stage=following(run_id)),
            update_run(run, *OPEN, events=happened(run_id, "moved"), cursor=2),
            replace(completion(stage, events=happened(run_id, "settled")), requires=(MINE,)),
        ]

        persistence.commit(changes)

        assert [each.id for each in persistence.snapshot(run_id).stages] == ["split", "count"]
        assert waiting(persistence, run_id) == ["settled", "moved"]

    def test_the_next_stage_may_begin_at_work(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        chained = following(run_id, **running("token-2"))
        persistence.commit(
            [completion(stage), update_run(run, cursor=2), CreateStage(stage=chained)]
        )

        wrong = goes_in(persistence, update_stage(chained, MINE, digest="d"))
        right = goes_in(
            persistence, update_stage(chained, equals("lease.token", "token-2"), digest="d")
        )

        assert (wrong, right) == (False, True)
        assert persistence.standing(chained.key).stage.lease == chained.lease

    def test_nothing_of_the_last_stage_is_left_on_the_next(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(
            persistence, run_id, **running(), not_before=after(1), error=a_failure(), digest="d"
        )
        run = persistence.run(run_id)

        persistence.commit(
            [
                completion(stage),
                update_run(run, cursor=2),
                CreateStage(stage=following(run_id)),
            ]
        )

        assert by_itself(persistence.standing(following(run_id).key).stage) == following(run_id)

    @pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.SKIPPED])
    def test_the_last_stage_ends_the_run(
        self, persistence: Persistence, run_id: str, status: Status
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        settled = completion(stage, status=status, events=happened(run_id, "settled"))
        ended = update_run(
            run, *OPEN, events=happened(run_id, "ended"), status=Status.FAILED, due_at=after(1)
        )

        persistence.commit([settled, ended])

        snapshot = persistence.snapshot(run_id)
        assert snapshot.run.status is Status.FAILED
        assert [each.status for each in snapshot.stages] == [status]
        assert waiting(persistence, run_id) == ["settled", "ended"]

    def test_events_of_both_wait_behind_what_waited_before(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = a_stage(run_id=run_id, **running())
        given_group(persistence, run_id, [stage], outbox=happened(run_id, "created"))
        run = persistence.run(run_id)

        persistence.commit(
            [
                completion(stage, events=happened(run_id, "settled")),
                update_run(run, events=happened(run_id, "ended"), status=Status.COMPLETED),
            ]
        )

        assert sorted(waiting(persistence, run_id)) == ["created", "ended", "settled"]
        assert names_of(persistence.run(run_id).outbox)[-1] == "ended"

    def test_a_late_worker_moves_nothing(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, **running("token-2"))
        run = persistence.run(run_id)
        late = replace(completion(stage), requires=(MINE,))

        committed = goes_in(
            persistence,
            late,
            update_run(run, *OPEN, cursor=2),
            CreateStage(stage=following(run_id)),
        )

        assert not committed
        assert persistence.snapshot(run_id).stages == (stage,)
        assert persistence.run(run_id) == run

    def test_a_run_being_closed_is_not_moved_on(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit([update_run(run, closing=Closing(target=Status.CANCELLED))])

        committed = goes_in(
            persistence,
            replace(completion(stage), requires=(MINE,)),
            update_run(run, *OPEN, cursor=2),
            CreateStage(stage=following(run_id)),
        )

        assert not committed
        assert persistence.standing(stage.key).stage.status is Status.RUNNING

    def test_a_settled_stage_is_not_settled_again(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        settled = replace(completion(stage), requires=(MINE,))
        persistence.commit([settled, update_run(run, cursor=2)])

        with pytest.raises(ConditionFailedError):
            persistence.commit([settled])
        with pytest.raises(ConditionFailedError):
            persistence.update(update_stage(stage, equals("status", Status.RUNNING), attempt=9))

        assert by_itself(persistence.standing(stage.key).stage) == by_itself(settled.stage)

    def test_one_stage_makes_room_for_many(self, persistence: Persistence, run_id: str) -> None:
        stage = given_solo(persistence, run_id, **running())
        run = persistence.run(run_id)
        group = [following(run_id, solo=False), following(run_id, solo=False)]
        siblings = [replace(each, id=f"s{nth}", ordinal=nth) for nth, each in enumerate(group)]

        persistence.commit(
            [
                completion(stage),
                update_run(run, cursor=2),
                *(CreateStage(stage=each) for each in siblings),
            ]
        )

        assert persistence.snapshot(run_id).stages[1:] == tuple(siblings)
        assert persistence.standing(stage.key).stage.status is Status.COMPLETED

    def test_many_stages_make_room_for_one(self, persistence: Persistence, run_id: str) -> None:
        sibling = given_sibling(persistence, run_id, **running())
        run = persistence.run(run_id)
        persistence.commit([completion(sibling, unadvanced=True)])

        persistence.commit(
            [update_run(run, *OPEN, cursor=2), CreateStage(stage=following(run_id))]
        )

        active = persistence.head(run_id).active
        assert active is not None
        assert by_itself(active) == following(run_id)
        assert persistence.standing(sibling.key).stage.unadvanced
