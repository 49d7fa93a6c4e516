"""When the tick must look at a record again (protocol R1): a function of the record.

It may be earlier than that, never later. A stage alone in its group shares its run's `due_at`,
so whoever writes one of the two takes the earlier of both.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TypeAlias

from kernel.model.policy import Policy
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status

_Wait: TypeAlias = tuple[datetime, datetime]


def earliest(*moments: datetime | None) -> datetime | None:
    """Return the first of the moments that are known."""
    return min((moment for moment in moments if moment is not None), default=None)


def run_due(run: Run, *, now: datetime, policy: Policy, has_events: bool) -> datetime | None:
    """Return when a run is due by itself; *has_events*: its outbox is not empty."""
    soon = now + policy.grace
    if has_events or run.closing is not None:
        return soon
    if run.status is Status.PENDING:
        return max(run.start_at or now, now) + policy.grace
    return None


def stage_due(
    stage: StageRecord, *, now: datetime, policy: Policy, has_events: bool
) -> datetime | None:
    """Return when a stage is due; *has_events*: its outbox is not empty."""
    events = now + policy.grace if has_events or stage.unadvanced else None
    return earliest(events, *_by_status(stage, now, policy.grace))


def looked_after(held: datetime | None, due: datetime | None, *, policy: Policy) -> bool:
    """Whether the instant that is *held* serves as well as *due*.

    Moving an index entry costs two write units, one early look of the tick costs about as much:
    an earlier instant is left alone while it is near.
    """
    return held is not None and due is not None and held <= due <= held + 2 * policy.grace


def next_look(
    run: Run | None, stage: StageRecord | None, *, now: datetime, policy: Policy
) -> datetime | None:
    """Return exactly when records that were just looked at want it again; None for never.

    What should have moved and has not is put off for as long as it has waited already: the wait
    doubles from look to look, without a counter.
    """
    waits = [*_waits_of_run(run, now, policy.grace), *_waits_of_stage(stage, now, policy.grace)]
    return earliest(*(_put_off(since, until, now, policy) for since, until in waits))


def _put_off(since: datetime, until: datetime, now: datetime, policy: Policy) -> datetime:
    if until > now:
        return until
    return now + min(max(now - since, policy.grace), policy.longest_push_back)


def _waits_of_run(run: Run | None, now: datetime, grace: timedelta) -> Iterator[_Wait]:
    if run is None:
        return
    if run.outbox:
        yield run.outbox[0].at, run.outbox[0].at + grace
    if run.closing is not None:
        yield now, now + grace
    elif run.status is Status.PENDING:
        since = run.start_at or run.created_at
        yield since, since + grace


def _waits_of_stage(stage: StageRecord | None, now: datetime, grace: timedelta) -> Iterator[_Wait]:
    if stage is None:
        return
    if stage.outbox:
        yield stage.outbox[0].at, stage.outbox[0].at + grace
    if stage.unadvanced:
        since = stage.completed_at or now
        yield since, since + grace
    if stage.status is Status.PENDING:
        since = stage.not_before or stage.created_at
        yield since, since + grace
    else:
        yield from ((moment, moment) for moment in _by_status(stage, now, grace))


def _by_status(stage: StageRecord, now: datetime, grace: timedelta) -> Iterator[datetime]:
    """Yield every moment that the stage waits for: that one has passed puts off no other."""
    match stage.status:
        case Status.PENDING:
            yield max(stage.not_before or now, now) + grace
        case Status.RUNNING:
            yield stage.lease.expires_at if stage.lease else now + grace
        case Status.SUSPENDED if stage.suspension is not None:
            waits = stage.suspension
            yield waits.deadline
            poll = waits.lease.expires_at if waits.lease else waits.next_poll_at
            if poll is not None:
                yield poll
