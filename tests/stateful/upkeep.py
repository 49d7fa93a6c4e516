"""What is done to runs from outside: closing, clearing, putting off, running again."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from kernel.model.change import (
    Change,
    CreateStage,
    KeepPast,
    UpdateRun,
    UpdateStage,
    absent,
    differences,
    equals,
    one_of,
    present,
)
from kernel.model.run import Closing, Run
from kernel.model.stage import StageRecord
from kernel.model.status import TERMINAL, UNFINISHED
from tests.stateful.moving import made
from tests.stateful.reading import (
    GRACE,
    WORKFLOWS,
    Reading,
    active_due,
    earliest,
    run_due,
    stage_due,
    stages_now,
    write_run,
)

# Which group to begin at again, and by which definition; by its own where none is named.
Wish: TypeAlias = tuple[int, str | None]


def close(reading: Reading, closing: Closing) -> Sequence[Change]:
    run = reading.run
    requires = (
        equals("status", run.status),
        absent("closing"),
        equals("generation", run.generation),
    )
    return [write_run(reading, replace(run, closing=closing), *requires)]


def fence(reading: Reading, stage: StageRecord) -> Sequence[Change]:
    fenced = replace(stage.fenced(at=reading.now), due_at=reading.now + GRACE)
    held = {"status", "lease", "suspension", "progress", "completed_at", "due_at"}
    change = UpdateStage(
        stage=fenced,
        writes=differences(stage, fenced) | held,
        requires=(one_of("status", UNFINISHED), equals("generation", stage.generation)),
    )
    return [change]


def finish(reading: Reading) -> Sequence[Change]:
    requires = (present("closing"), equals("generation", reading.run.generation))
    closed = reading.run.closed(at=reading.now)
    return [write_run(reading, closed, *requires, events=reading.event("ended"))]


def keep_past(reading: Reading, wish: Wish) -> Sequence[Change]:
    """Keep as history what a rerun would replace."""
    group, _ = _agreed(reading.run, wish)
    return [KeepPast(stage=stage) for stage in reading.snapshot.stages if stage.group >= group]


def rerun(reading: Reading, wish: Wish) -> Sequence[Change]:
    """Begin again, in a new generation: what is replaced is kept, what nobody sent yet goes on."""
    old = reading.run
    group, fingerprint = _agreed(old, wish)
    run = old.rerun(group=group, fingerprint=fingerprint, at=reading.now)
    requires = (
        one_of("status", TERMINAL),
        absent("closing"),
        equals("generation", old.generation),
    )
    replaced = [stage for stage in reading.snapshot.stages if stage.group >= group]
    unsent = (event for stage in replaced for event in stage.outbox)
    events = (*unsent, *reading.event("started"))
    change = write_run(reading, run, *requires, events=events)
    created = (CreateStage(stage=stage) for stage in made(reading, run))
    return [change, *keep_past(reading, wish), *created]


def put_off(reading: Reading, stage: StageRecord | None = None) -> Sequence[Change]:
    """Push what was looked at back: a sibling, or the run with what may share its item."""
    later = replace(reading, now=reading.now + GRACE)
    due = [record for record in _looked_at(reading, stage) if record.due_at is not None]
    marks = (_marked(later, record, publishes=False) for record in due)
    return [replace(mark, writes=frozenset({"due_at"})) for mark in marks]


def publish(reading: Reading, stage: StageRecord | None = None) -> Sequence[Change]:
    """Clear the outboxes: a sibling's, or the run's and those of what may share its item."""
    marks = [
        _marked(reading, record, publishes=True)
        for record in _looked_at(reading, stage)
        if record.outbox or record.due_at is not None
    ]
    return [mark for mark in marks if mark.clears or mark.writes]


def _agreed(run: Run, wish: Wish) -> tuple[int, str]:
    """Return a group that the run had come to and that its workflow has, and the workflow."""
    which, deployed = wish
    fingerprint = deployed or run.fingerprint
    return 1 + which % min(run.cursor, len(WORKFLOWS[fingerprint])), fingerprint


def _looked_at(reading: Reading, stage: StageRecord | None) -> Iterator[Run | StageRecord]:
    """Yield whatever a store may keep as one: where an event waits is its own affair."""
    if stage is not None:
        yield stage
        return
    yield reading.run
    yield from (stage for stage in reading.snapshot.stages if stage.solo)


def _marked(
    reading: Reading, record: Run | StageRecord, *, publishes: bool
) -> UpdateRun | UpdateStage:
    """Return the change that notes when *record*, after a look at it, is due next."""
    unchanged = (equals("version", record.version),)
    clears = publishes and bool(record.outbox)
    if isinstance(record, Run):
        due = earliest(_run_due(reading, publishes=publishes), active_due(reading))
        run = replace(record, due_at=due)
        writes = differences(record, run)
        return UpdateRun(run=run, writes=writes, requires=unchanged, clears=clears)
    # One that is left over from an older generation may lie with the run still.
    beside = _run_due(reading, publishes=publishes) if record.solo else None
    is_present = record in stages_now(reading.snapshot)
    group_is_open = is_present and not reading.run.status.is_terminal
    left = replace(record, unadvanced=record.unadvanced and group_is_open)
    waits = bool(record.outbox) and not clears
    own = stage_due(left, reading.now, has_events=waits)
    left = replace(left, due_at=earliest(own, beside))
    writes = differences(record, left)
    return UpdateStage(stage=left, writes=writes, requires=unchanged, clears=clears)


def _run_due(reading: Reading, *, publishes: bool) -> datetime | None:
    waits = bool(reading.run.outbox) and not publishes
    return run_due(reading.run, reading.now, has_events=waits)
