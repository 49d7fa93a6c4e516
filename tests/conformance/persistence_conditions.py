"""A condition decides in the store as it does on the record."""

from kernel.model.change import Condition, absent, before, by, equals, not_after, one_of, present
from kernel.model.run import Closing
from kernel.model.status import UNFINISHED, Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Given,
    Ground,
    alone_or_not,
    given_run,
    goes_in,
    running,
)
from tests.support.builders import (
    a_failure,
    a_lease,
    a_suspension,
    after,
    update_run,
    update_stage,
)

CLOSING = Closing(target=Status.CANCELLED, reason="enough")

OF_A_RUN = [
    equals("status", Status.RUNNING),
    equals("status", Status.PENDING),
    equals("generation", 2),
    equals("generation", 1),
    equals("cursor", 3),
    equals("cursor", 2),
    equals("tenant", None),
    equals("closing", CLOSING),
    equals("closing", None),
    equals("error", a_failure()),
    equals("due_at", after(4)),
    equals("due_at", after(5)),
    one_of("status", UNFINISHED),
    one_of("status", [Status.PENDING, Status.COMPLETED]),
    one_of("status", []),
    one_of("tenant", ["acme", None]),
    one_of("tenant", ["acme"]),
    absent("closing"),
    absent("error"),
    absent("tenant"),
    present("closing"),
    present("due_at"),
    present("tenant"),
    before("created_at", after(1)),
    before("created_at", after(0)),
    before("completed_at", after(1)),
    not_after("start_at", after(0)),
    not_after("created_at", after(0)),
    not_after("created_at", after(-1)),
    not_after("due_at", after(4)),
    by("due_at", after(4)),
    by("created_at", after(0)),
    by("created_at", after(-1)),
    by("start_at", after(0)),
]

OF_A_RUNNING_STAGE = [
    equals("lease.token", "token-1"),
    equals("lease.token", "token-2"),
    equals("lease", a_lease()),
    equals("lease", a_lease(token="token-2")),
    equals("attempt", 1),
    equals("attempt", 0),
    equals("generation", 0),
    equals("unadvanced", False),  # noqa: FBT003 - the value of a field
    equals("unadvanced", True),  # noqa: FBT003 - the value of a field
    equals("solo", True),  # noqa: FBT003 - the value of a field
    equals("settled_by", None),
    equals("suspension.lease.token", "token-1"),
    one_of("status", UNFINISHED),
    one_of("lease.token", ["token-0", "token-1"]),
    absent("lease"),
    absent("suspension"),
    absent("suspension.lease"),
    absent("error"),
    present("lease"),
    present("lease.token"),
    present("suspension.deadline"),
    before("lease.expires_at", after(5)),
    before("lease.expires_at", after(6)),
    before("suspension.deadline", after(6)),
    not_after("not_before", after(2)),
    not_after("not_before", after(1)),
    not_after("suspension.next_poll_at", after(0)),
    not_after("lease.expires_at", after(5)),
    not_after("lease.expires_at", after(4)),
    by("lease.expires_at", after(5)),
    by("lease.expires_at", after(4)),
    by("not_before", after(2)),
    equals("due_at", after(4)),
    equals("due_at", after(5)),
    absent("due_at"),
    by("due_at", after(4)),
    by("due_at", after(3)),
]

OF_A_SUSPENDED_STAGE = [
    equals("suspension.lease.token", "poll-1"),
    equals("suspension.lease.token", "poll-2"),
    equals("suspension.poll_no", 3),
    equals("suspension.callback", False),  # noqa: FBT003 - the value of a field
    equals("suspension.callback_digest", "d1"),
    equals("suspension.callback_digest", "d2"),
    absent("suspension.callback_digest"),
    equals("lease.token", "poll-1"),
    absent("lease"),
    absent("lease.token"),
    absent("suspension.lease"),
    absent("suspension.state"),
    present("suspension"),
    present("suspension.lease"),
    before("suspension.lease.expires_at", after(3)),
    before("suspension.lease.expires_at", after(2)),
    before("suspension.deadline", after(24 * 60)),
    not_after("suspension.next_poll_at", after(1)),
    not_after("suspension.next_poll_at", after(0)),
    not_after("suspension.deadline", after(24 * 60)),
]


def spelt(condition: Condition) -> str:
    return f"{condition.field} {condition.test} {condition.value}"


def on_the_record(record: object, conditions: list[Condition]) -> dict[str, bool]:
    return {spelt(condition): condition.holds(record) for condition in conditions}


class ConditionPromises(Ground):
    def test_a_condition_on_a_run_decides(self, persistence: Persistence, run_id: str) -> None:
        run = given_run(
            persistence,
            run_id,
            status=Status.RUNNING,
            generation=2,
            cursor=3,
            closing=CLOSING,
            error=a_failure(),
            due_at=after(4),
        )

        in_the_store = {
            spelt(condition): goes_in(persistence, update_run(run, condition, priority=9))
            for condition in OF_A_RUN
        }

        assert in_the_store == on_the_record(run, OF_A_RUN)

    @alone_or_not
    def test_a_condition_on_a_running_stage_decides(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, not_before=after(2), due_at=after(4), **running())

        in_the_store = {
            spelt(condition): goes_in(persistence, update_stage(stage, condition, digest="d"))
            for condition in OF_A_RUNNING_STAGE
        }

        assert in_the_store == on_the_record(stage, OF_A_RUNNING_STAGE)

    @alone_or_not
    def test_a_condition_on_a_suspended_stage_decides(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        polling = a_lease(token="poll-1", expires_at=after(2))
        suspension = a_suspension(lease=polling, poll_no=3, callback_digest="d1")
        stage = given(persistence, run_id, status=Status.SUSPENDED, suspension=suspension)

        in_the_store = {
            spelt(condition): goes_in(persistence, update_stage(stage, condition, digest="d"))
            for condition in OF_A_SUSPENDED_STAGE
        }

        assert in_the_store == on_the_record(stage, OF_A_SUSPENDED_STAGE)

    @alone_or_not
    def test_all_conditions_must_hold(
        self, persistence: Persistence, run_id: str, given: Given
    ) -> None:
        stage = given(persistence, run_id, **running())
        mine = equals("lease.token", "token-1")

        one_fails = goes_in(
            persistence, update_stage(stage, mine, equals("attempt", 2), digest="d")
        )
        all_hold = goes_in(
            persistence, update_stage(stage, mine, equals("attempt", 1), digest="d")
        )

        assert (one_fails, all_hold) == (False, True)
