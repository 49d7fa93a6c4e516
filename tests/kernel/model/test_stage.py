"""A stage record changes through named steps, each of which leaves nothing over."""

import pytest

from kernel.errors import IllegalTransitionError
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from tests.support.builders import (
    NOON,
    a_failure,
    a_lease,
    a_progress,
    a_result,
    a_stage,
    a_suspension,
    after,
)

RUNNING = a_stage(status=Status.RUNNING, attempt=1, lease=a_lease())
SUSPENDED = a_stage(status=Status.SUSPENDED, attempt=1, suspension=a_suspension())


def test_a_claim_counts_the_attempt_and_forgets_the_last_ones_progress() -> None:
    stage = a_stage(attempt=1, progress=a_progress())

    claimed = stage.claimed(a_lease(), at=NOON)

    assert (claimed.status, claimed.attempt, claimed.progress) == (Status.RUNNING, 2, None)
    assert (claimed.lease, claimed.started_at) == (a_lease(), NOON)


@pytest.mark.parametrize("stage", [RUNNING, SUSPENDED], ids=["running", "suspended"])
def test_a_completed_stage_holds_its_result_and_nothing_else(stage: StageRecord) -> None:
    done = stage.completed(a_result(), by="mine", at=after(1))

    assert (done.status, done.result, done.completed_at) == (
        Status.COMPLETED,
        a_result(),
        after(1),
    )
    assert (done.lease, done.suspension, done.settled_by) == (None, None, "mine")


def test_a_failed_stage_holds_its_error() -> None:
    failed = RUNNING.failed(a_failure(), by="mine", at=after(1))

    assert (failed.status, failed.error, failed.lease) == (Status.FAILED, a_failure(), None)


def test_a_skipped_stage_holds_nothing() -> None:
    skipped = RUNNING.skipped(by="mine", at=after(1))

    assert (skipped.status, skipped.result, skipped.lease) == (Status.SKIPPED, None, None)


@pytest.mark.parametrize(("solo", "unadvanced"), [(True, False), (False, True)])
def test_only_one_of_several_is_left_to_be_followed_up(*, solo: bool, unadvanced: bool) -> None:
    stage = a_stage(status=Status.RUNNING, solo=solo, lease=a_lease(), progress=a_progress())

    ends = [
        stage.completed(a_result(), by="mine", at=NOON),
        stage.skipped(by="mine", at=NOON),
        stage.failed(a_failure(), by="mine", at=NOON),
    ]

    assert {(end.unadvanced, end.progress) for end in ends} == {(unadvanced, None)}


@pytest.mark.parametrize("stumbled", [False, True])
def test_a_stage_that_is_tried_again_waits_and_may_count_a_stumble(*, stumbled: bool) -> None:
    again = RUNNING.retried(a_failure(), not_before=after(1), stumbled=stumbled)

    assert (again.status, again.attempt, again.not_before) == (Status.PENDING, 1, after(1))
    assert (again.lease, again.error, again.stumbles) == (None, a_failure(), int(stumbled))


def test_a_suspended_stage_gives_its_lease_up() -> None:
    suspended = RUNNING.suspended(a_suspension())

    assert (suspended.status, suspended.lease) == (Status.SUSPENDED, None)
    assert suspended.suspension == a_suspension()


@pytest.mark.parametrize("status", [Status.PENDING, Status.RUNNING, Status.SUSPENDED])
def test_whatever_is_unfinished_can_be_fenced(status: Status) -> None:
    stage = a_stage(
        status=status, lease=a_lease(), suspension=a_suspension(), progress=a_progress()
    )

    fenced = stage.fenced(at=after(1))

    assert (fenced.status, fenced.completed_at) == (Status.CANCELLED, after(1))
    assert (fenced.lease, fenced.suspension, fenced.progress) == (None, None, None)


def test_a_stage_that_is_over_cannot_go_on() -> None:
    over = RUNNING.completed(a_result(), by="mine", at=NOON)

    with pytest.raises(IllegalTransitionError, match="A COMPLETED stage cannot become RUNNING"):
        over.claimed(a_lease(), at=NOON)


@pytest.mark.parametrize(
    ("attempt", "stumbles", "left"), [(2, 0, True), (3, 0, False), (3, 1, True), (4, 1, False)]
)
def test_stumbles_do_not_use_up_attempts(attempt: int, stumbles: int, *, left: bool) -> None:
    stage = a_stage(attempt=attempt, stumbles=stumbles, max_attempts=3)

    assert stage.has_attempts_left is left


def test_a_job_is_named_after_its_attempt() -> None:
    assert a_stage(generation=2, attempt=3).job_id == "run-1:split:2:3"
