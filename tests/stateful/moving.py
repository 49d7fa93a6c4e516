"""How runs and stages move: each function is one commit, decided on one reading."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from kernel.model.change import (
    Change,
    Condition,
    CreateStage,
    UpdateStage,
    absent,
    before,
    equals,
    not_after,
)
from kernel.model.failure import Failure
from kernel.model.payload import Payload
from kernel.model.run import Run
from kernel.model.stage import Progress, Result, StageRecord, Suspension
from kernel.model.status import Status
from tests.stateful.reading import (
    WORKFLOWS,
    Reading,
    stage_due,
    stages_now,
    write_run,
    write_stage,
)

# How a stage ends; None leaves it out.
Ending: TypeAlias = Result | Failure | None


def start(reading: Reading) -> Sequence[Change]:
    """Begin the first group."""
    run = reading.run.started(at=reading.now)
    requires = (equals("status", Status.PENDING), absent("closing"))
    change = write_run(reading, run, *requires, events=reading.event("started"))
    return [change, *_entered(reading, run)]


def claim(reading: Reading, stage: StageRecord) -> Sequence[Change]:
    claimed = stage.claimed(reading.lease, at=reading.now)
    requires = (
        equals("status", Status.PENDING),
        equals("generation", stage.generation),
        equals("attempt", stage.attempt),
        not_after("not_before", reading.now),
    )
    events = reading.event("claimed")
    return [write_stage(reading, stage, claimed, *requires, events=events)]


def report(reading: Reading, stage: StageRecord, message: str) -> Sequence[Change]:
    """Say how far a body or a poll is."""
    progress = Progress(fraction=0.1, message=message, at=reading.now)
    change = UpdateStage(
        stage=replace(stage, progress=progress),
        writes=frozenset({"progress"}),
        requires=held_as_read(stage),
    )
    return [change]


def retry(reading: Reading, stage: StageRecord, error: Failure) -> Sequence[Change]:
    """Have another attempt made, after a body or a poll that failed."""
    later = reading.now + timedelta(minutes=3)
    pending = stage.retried(error, not_before=later, stumbled=reading.number % 2 == 0)
    return _left(reading, stage, pending, "retried")


def reap(reading: Reading, stage: StageRecord, error: Failure) -> Sequence[Change]:
    """Free a stage whose worker died."""
    expired = before("lease.expires_at", reading.now)
    pending = stage.retried(error, not_before=reading.now, stumbled=True)
    return _left(reading, stage, pending, "reaped", expired)


def suspend(reading: Reading, stage: StageRecord, state: Payload | None) -> Sequence[Change]:
    waits = Suspension(
        state=state,
        next_poll_at=None if reading.number % 3 == 0 else reading.now + timedelta(minutes=1),
        poll_every=timedelta(seconds=0.5),
        deadline=reading.now + timedelta(hours=1),
        callback=reading.number % 3 == 0,
    )
    return _left(reading, stage, stage.suspended(waits), "suspended")


def claim_poll(reading: Reading, stage: StageRecord) -> Sequence[Change]:
    waits = _waits(stage)
    leased = replace(waits, lease=reading.lease, poll_no=waits.poll_no + 1)
    claimed = replace(stage, suspension=leased, polls=stage.polls + 1)
    requires = (
        equals("status", Status.SUSPENDED),
        equals("generation", stage.generation),
        equals("suspension.poll_no", waits.poll_no),
    )
    return [write_stage(reading, stage, claimed, *requires)]


def wait_on(reading: Reading, stage: StageRecord, state: Payload | None) -> Sequence[Change]:
    """Settle a poll that found nothing yet."""
    later = reading.now + timedelta(minutes=2)
    waits = replace(_waits(stage), lease=None, state=state, next_poll_at=later, failures=0)
    return _left(reading, stage, replace(stage, suspension=waits), "polled")


def settle(
    reading: Reading, stage: StageRecord, ending: Ending, *, chained: bool = False
) -> Sequence[Change]:
    """End a stage; where it is alone, move its run on. *chained*: the next is claimed at once."""
    by, now = (stage.lease or _waits(stage).lease or reading.lease).token, reading.now
    settled = _ended(stage, ending, by=by, at=now)
    events = reading.event("settled")
    change = write_stage(reading, stage, settled, *held_as_read(stage), events=events)
    if not stage.solo:
        return [change]
    error = settled.error if settled.status is Status.FAILED else None
    return [change, *_moved_on(reading, error, sends=bool(events), chained=chained)]


def settle_and_claim(reading: Reading, stage: StageRecord, ending: Ending) -> Sequence[Change]:
    return settle(reading, stage, ending, chained=True)


def transition(reading: Reading) -> Sequence[Change]:
    """Move a run on whose siblings are all done."""
    failed = (
        stage.error for stage in stages_now(reading.snapshot) if stage.status is Status.FAILED
    )
    return [*_moved_on(reading, next(failed, None))]


def open_as_read(run: Run) -> tuple[Condition, ...]:
    return (
        equals("status", Status.RUNNING),
        absent("closing"),
        equals("generation", run.generation),
        equals("cursor", run.cursor),
    )


def held_as_read(stage: StageRecord) -> tuple[Condition, ...]:
    """Return what must hold for the lease that was read to count."""
    if stage.suspension is None:
        token = stage.lease.token if stage.lease else None
        return equals("status", Status.RUNNING), equals("lease.token", token)
    lease = stage.suspension.lease
    token = lease.token if lease else None
    return equals("status", Status.SUSPENDED), equals("suspension.lease.token", token)


def made(reading: Reading, run: Run) -> Iterator[StageRecord]:
    """Yield the stages of the group that *run* is in, as they begin."""
    ids = WORKFLOWS[run.fingerprint][run.cursor - 1]
    for ordinal, id_ in enumerate(ids):
        stage = StageRecord(
            run_id=run.id,
            id=id_,
            workflow_id=run.workflow_id,
            group=run.cursor,
            ordinal=ordinal,
            solo=len(ids) == 1,
            generation=run.generation,
            max_attempts=3,
            created_at=reading.now,
        )
        yield replace(stage, due_at=stage_due(stage, reading.now, has_events=False))


def _ended(stage: StageRecord, ending: Ending, *, by: str, at: datetime) -> StageRecord:
    match ending:
        case Result():
            return stage.completed(ending, by=by, at=at)
        case Failure():
            return stage.failed(ending, by=by, at=at)
        case None if stage.suspension is None:
            return stage.skipped(by=by, at=at)
        case None:
            # A poll cannot leave a stage out any more.
            return stage.failed(Failure(code="GONE", message=""), by=by, at=at)


def _left(
    reading: Reading, old: StageRecord, new: StageRecord, name: str, *requires: Condition
) -> Sequence[Change]:
    """Let go of a stage that is not over."""
    conditions = (*held_as_read(old), *requires)
    return [write_stage(reading, old, new, *conditions, events=reading.event(name))]


def _moved_on(
    reading: Reading, error: Failure | None, *, sends: bool = False, chained: bool = False
) -> Iterator[Change]:
    run, requires = reading.run, open_as_read(reading.run)
    if error is None and run.cursor < len(WORKFLOWS[run.fingerprint]):
        yield write_run(reading, run.advanced(), *requires, sends=sends)
        yield from _entered(reading, run.advanced(), chained=chained)
        return
    ended = run.failed(error, at=reading.now) if error else run.completed(at=reading.now)
    yield write_run(reading, ended, *requires, events=reading.event("ended"), sends=sends)


def _entered(reading: Reading, run: Run, *, chained: bool = False) -> Iterator[Change]:
    for stage in made(reading, run):
        if chained and stage.solo:
            claimed = stage.claimed(reading.lease, at=reading.now)
            due = stage_due(claimed, reading.now, has_events=False)
            yield CreateStage(stage=replace(claimed, due_at=due))
        else:
            yield CreateStage(stage=stage)


def _waits(stage: StageRecord) -> Suspension:
    assert stage.suspension is not None, f"{stage.id} is {stage.status} and not suspended."
    return stage.suspension
