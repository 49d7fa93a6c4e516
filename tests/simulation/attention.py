"""Rule R1, told a second time: what wants something is due no later than it must be."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from tests.simulation.docket import Step

NO_HURRY: Final = timedelta(days=1)

# What is wanted, and at which moment; None is as soon as possible.
_Want: TypeAlias = tuple[str, datetime | None]


def due_in_time(step: Step[Any]) -> Iterator[str]:
    """A mark may put a record off, but not beyond a moment to come, nor for long.

    What was put off before may stay so. Where clocks are off, one who is behind leaves alone what
    one who was ahead had thought soon enough: that differs by twice as much as a clock may be off.
    """
    new, old = step.new, step.old
    if isinstance(new, StageRecord) and _is_closing(step, new):
        return
    retention = step.docket.policy.retention
    before = {what for what, _ in wants(old, retention)} if old is not None else set()
    for what, moment in wants(new, retention):
        latest = _latest(step, moment, exact=not what.startswith("wants to begin"))
        latest += 2 * step.docket.skew
        if old is not None and old.due_at is not None and what in before:
            latest = max(latest, old.due_at)
        if new.due_at is None or new.due_at > latest:
            yield f"R1: {new.id} {what} by {latest:%H:%M:%S.%f} and is due at {new.due_at}"


def _is_closing(step: Step[Any], stage: StageRecord) -> bool:
    """Whether nothing of the stage matters but that it is fenced, and its run sees to that."""
    run = step.docket.runs.get(stage.run_id)
    return run is not None and run.closing is not None


def wants(record: Run | StageRecord, retention: timedelta | None) -> Iterator[_Want]:
    """Yield what *record* wants, where runs that are over are kept for *retention*.

    A removal is in no hurry: what has still to be told goes first, however long that takes.
    """
    if isinstance(record, StageRecord):
        yield from _of_stage(record)
        return
    yield from _of_run(record)
    if retention is not None and record.completed_at is not None and not record.outbox:
        yield "is to be removed", record.completed_at + retention + NO_HURRY


def _latest(step: Step[Any], moment: datetime | None, *, exact: bool) -> datetime:
    now, policy = step.now, step.docket.policy
    if step.marked and (moment is None or moment <= now):
        return now + policy.longest_push_back
    if exact and moment is not None:
        return moment
    return max(moment or now, now) + policy.grace


def _of_run(run: Run) -> Iterator[_Want]:
    if run.outbox:
        yield "has events to publish", None
    if run.retired_at is not None:
        yield "is being removed", None
    if run.closing is not None:
        yield "is being closed", None
    elif run.status is Status.PENDING:
        yield "wants to begin", run.start_at


def _of_stage(stage: StageRecord) -> Iterator[_Want]:
    if stage.outbox:
        yield "has events to publish", None
    if stage.unadvanced:
        yield "wants a transition", None
    if stage.status is Status.PENDING:
        yield "wants to begin", stage.not_before
    if stage.lease is not None:
        yield "may lose its worker", stage.lease.expires_at
    if stage.suspension is not None:
        waits = stage.suspension
        yield "may wait no longer", waits.deadline
        poll = waits.lease.expires_at if waits.lease else waits.next_poll_at
        if poll is not None:
            yield "wants to be polled", poll
