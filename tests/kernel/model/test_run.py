"""A run changes through named steps."""

import pytest

from kernel.errors import IllegalTransitionError
from kernel.model.failure import Failure
from kernel.model.run import Closing, Run
from kernel.model.status import Status
from tests.support.builders import NOON, a_failure, a_run, after

RUNNING = a_run(status=Status.RUNNING, cursor=1)
CANCELLING = Closing(target=Status.CANCELLED, reason="changed my mind")


def test_a_run_starts_in_its_first_group() -> None:
    started = a_run().started(at=after(1))

    assert (started.status, started.cursor, started.started_at) == (Status.RUNNING, 1, after(1))


def test_a_run_advances_group_by_group() -> None:
    assert RUNNING.advanced().advanced().cursor == 3


def test_a_completed_run_is_over() -> None:
    completed = RUNNING.completed(at=after(1))

    assert (completed.status, completed.completed_at) == (Status.COMPLETED, after(1))


def test_a_failed_run_is_over_and_says_why() -> None:
    failed = RUNNING.failed(a_failure(), at=after(1))

    assert (failed.status, failed.error, failed.completed_at) == (
        Status.FAILED,
        a_failure(),
        after(1),
    )


@pytest.mark.parametrize("run", [a_run(), RUNNING], ids=["pending", "running"])
def test_a_closing_is_carried_out(run: Run) -> None:
    closed = a_run(status=run.status, closing=CANCELLING).closed(at=after(1))

    assert (closed.status, closed.closing, closed.completed_at) == (
        Status.CANCELLED,
        None,
        after(1),
    )
    assert closed.error == Failure.of("CANCELLED", "changed my mind")


def test_a_run_that_is_not_being_closed_stays_as_it_is() -> None:
    assert RUNNING.closed(at=NOON) == RUNNING


@pytest.mark.parametrize(
    ("run", "is_open"),
    [
        (a_run(), False),
        (RUNNING, True),
        (a_run(status=Status.RUNNING, closing=CANCELLING), False),
        (a_run(status=Status.COMPLETED), False),
    ],
    ids=["pending", "running", "closing", "completed"],
)
def test_a_run_is_open_while_its_stages_may_change(run: Run, *, is_open: bool) -> None:
    assert run.is_open is is_open


@pytest.mark.parametrize(("priority", "urgent"), [(0, False), (7, False), (8, True), (10, True)])
def test_a_run_of_priority_eight_and_more_is_urgent(priority: int, *, urgent: bool) -> None:
    assert a_run(priority=priority).is_urgent is urgent


def test_a_run_that_is_over_cannot_start() -> None:
    with pytest.raises(IllegalTransitionError, match="A COMPLETED run cannot become RUNNING"):
        RUNNING.completed(at=NOON).started(at=NOON)
