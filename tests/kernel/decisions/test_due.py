"""Rule R1: when a record must be looked at again, for every state that it can be in."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from kernel.decisions.due import earliest, looked_after, next_look, run_due, stage_due
from kernel.model.policy import Policy
from kernel.model.run import Closing
from kernel.model.stage import StageRecord
from kernel.model.status import TERMINAL, Status
from tests.support.builders import (
    NOON,
    a_lease,
    a_run,
    a_stage,
    a_suspension,
    after,
    an_event,
)

POLICY = Policy()
SOON = after(1)
CLOSING = Closing(target=Status.CANCELLED)
RUNNING = {"status": Status.RUNNING}
SUSPENDED = {"status": Status.SUSPENDED}


@pytest.mark.parametrize(
    ("run", "has_events", "due"),
    [
        ({}, False, SOON),
        ({"start_at": after(-5)}, False, SOON),
        ({"start_at": after(30)}, False, after(31)),
        ({"start_at": after(30)}, True, SOON),
        (RUNNING, False, None),
        (RUNNING, True, SOON),
        ({**RUNNING, "closing": CLOSING}, False, SOON),
        ({"closing": CLOSING, "start_at": after(30)}, False, SOON),
        *[({"status": status}, False, None) for status in sorted(TERMINAL)],
        *[({"status": status}, True, SOON) for status in sorted(TERMINAL)],
    ],
    ids=str,
)
def test_a_run_is_due(run: dict[str, Any], *, has_events: bool, due: datetime | None) -> None:
    found = run_due(a_run(**run), now=NOON, policy=POLICY, has_events=has_events)

    assert found == due


@pytest.mark.parametrize(
    ("stage", "has_events", "due"),
    [
        ({}, False, SOON),
        ({"not_before": after(-5)}, False, SOON),
        ({"not_before": after(5)}, False, after(6)),
        ({"not_before": after(5)}, True, SOON),
        ({**RUNNING, "lease": a_lease(expires_at=after(5))}, False, after(5)),
        ({**RUNNING, "lease": a_lease(expires_at=after(5))}, True, SOON),
        ({**RUNNING, "lease": a_lease(expires_at=after(0.5))}, True, after(0.5)),
        (RUNNING, False, SOON),
        ({**SUSPENDED, "suspension": a_suspension()}, False, after(1)),
        ({**SUSPENDED, "suspension": a_suspension(next_poll_at=after(9))}, False, after(9)),
        (
            {**SUSPENDED, "suspension": a_suspension(next_poll_at=after(9), deadline=after(4))},
            False,
            after(4),
        ),
        (
            {**SUSPENDED, "suspension": a_suspension(next_poll_at=None, deadline=after(4))},
            False,
            after(4),
        ),
        (
            {
                **SUSPENDED,
                "suspension": a_suspension(
                    next_poll_at=after(-1), lease=a_lease(expires_at=after(2))
                ),
            },
            False,
            after(2),
        ),
        (SUSPENDED, False, None),
        *[({"status": status}, False, None) for status in sorted(TERMINAL)],
        *[({"status": status}, True, SOON) for status in sorted(TERMINAL)],
        *[({"status": status, "unadvanced": True}, False, SOON) for status in sorted(TERMINAL)],
    ],
    ids=str,
)
def test_a_stage_is_due(stage: dict[str, Any], *, has_events: bool, due: datetime | None) -> None:
    found = stage_due(a_stage(**stage), now=NOON, policy=POLICY, has_events=has_events)

    assert found == due


@pytest.mark.parametrize(
    ("held", "due", "serves"),
    [
        (None, None, False),
        (None, after(1), False),
        (after(1), None, False),
        (after(1), after(1), True),
        (after(1), after(3), True),
        (after(1), after(3.1), False),
        (after(1), after(0.9), False),
    ],
    ids=str,
)
def test_an_instant_is_left_alone_while_it_comes_early_but_not_much(
    held: datetime | None, due: datetime | None, *, serves: bool
) -> None:
    found = looked_after(held, due, policy=POLICY)

    assert found is serves


def test_of_several_moments_the_earliest_that_is_known_counts() -> None:
    moments = earliest(None, after(3), after(2), None), earliest(None, None), earliest()

    assert moments == (after(2), None, None)


@pytest.mark.parametrize(
    ("waited", "wait"), [(0, 1), (0.5, 0.5), (1, 1), (2, 2), (7, 7), (15, 15), (16, 15), (999, 15)]
)
def test_what_should_have_moved_is_put_off_for_as_long_as_it_has_waited_up_to_a_limit(
    waited: float, wait: float
) -> None:
    stage = a_stage(created_at=after(-waited))

    found = next_look(None, stage, now=NOON, policy=POLICY)

    assert found == after(wait)


@pytest.mark.parametrize(
    ("run", "look"),
    [
        ({"created_at": after(-4)}, after(4)),
        ({"start_at": after(10)}, after(11)),
        ({"start_at": after(-3), "created_at": after(-99)}, after(3)),
        (RUNNING, None),
        ({**RUNNING, "outbox": (an_event(at=after(-5)),)}, after(5)),
        ({**RUNNING, "outbox": (an_event(at=after(-5)), an_event(at=NOON))}, after(5)),
        ({**RUNNING, "closing": CLOSING}, after(1)),
        ({"closing": CLOSING, "created_at": after(-9)}, after(1)),
        *[({"status": status}, None) for status in sorted(TERMINAL)],
    ],
    ids=str,
)
def test_a_run_that_was_looked_at_is_looked_at_again(
    run: dict[str, Any], look: datetime | None
) -> None:
    found = next_look(a_run(**run), None, now=NOON, policy=POLICY)

    assert found == look


POLLED_PAST_ITS_DEADLINE = a_suspension(deadline=after(-5), lease=a_lease(expires_at=after(1)))


@pytest.mark.parametrize(
    ("stage", "look"),
    [
        ({"not_before": after(-3), "created_at": after(-99)}, after(3)),
        ({"not_before": after(5)}, after(6)),
        ({**RUNNING, "lease": a_lease(expires_at=after(5))}, after(5)),
        ({**RUNNING, "lease": a_lease(expires_at=after(-4))}, after(4)),
        ({**SUSPENDED, "suspension": a_suspension(next_poll_at=after(7))}, after(7)),
        ({**SUSPENDED, "suspension": a_suspension(next_poll_at=after(-2))}, after(2)),
        ({**SUSPENDED, "suspension": POLLED_PAST_ITS_DEADLINE}, after(1)),
        ({"status": Status.FAILED, "outbox": (an_event(at=after(-6)),)}, after(6)),
        (
            {"status": Status.FAILED, "unadvanced": True, "completed_at": after(-8)},
            after(8),
        ),
        ({"status": Status.FAILED, "unadvanced": True}, after(1)),
        *[({"status": status}, None) for status in sorted(TERMINAL)],
    ],
    ids=str,
)
def test_a_stage_that_was_looked_at_is_looked_at_again(
    stage: dict[str, Any], look: datetime | None
) -> None:
    found = next_look(None, a_stage(**stage), now=NOON, policy=POLICY)

    assert found == look


def test_of_a_run_and_its_stage_the_first_that_wants_a_look_counts() -> None:
    run = a_run(**RUNNING, outbox=(an_event(at=after(-3)),))
    stage = a_stage(**RUNNING, lease=a_lease(expires_at=after(2)))

    found = next_look(run, stage, now=NOON, policy=POLICY)

    assert found == after(2)


def test_nothing_is_looked_at_again_for_nothing() -> None:
    found = next_look(None, None, now=NOON, policy=POLICY)

    assert found is None


def test_looks_back_off_by_doubling() -> None:
    waits = waits_between_looks(a_stage(), times=7)

    assert waits == [timedelta(minutes=minutes) for minutes in (1, 1, 2, 4, 8, 15, 15)]


def waits_between_looks(stage: StageRecord, *, times: int) -> list[timedelta]:
    """Look at a stage that never moves, each time when it is due."""
    now, waits = NOON, []
    for _ in range(times):
        found = next_look(None, stage, now=now, policy=POLICY)
        assert found is not None
        waits.append(found - now)
        now = found
    return waits
