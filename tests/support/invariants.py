"""What must hold in a world whatever a test did to it."""

from collections.abc import Iterator
from datetime import timedelta

from kernel.model.change import CreateRun, DeleteRun, UpdateRun
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import RUN_ARROWS, Status
from kernel.ports.persistence import Snapshot
from tests.support.world import World

A_DAY = timedelta(days=1)


def broken(world: World) -> list[str]:
    """Return every promise that is broken, now or after two ticks; none, if all is well."""
    found = [problem for run_id in run_ids(world) for problem in _records(world, run_id)]
    found += [*_statuses_in_order(world), *_events_without_run(world)]
    world.pass_time(A_DAY)
    world.tick()
    # A closing leaves the instants of its stages to the next look.
    world.pass_time(A_DAY)
    world.tick()
    return [*found, *_due_for_ever(world)]


def run_ids(world: World) -> list[str]:
    """Return the ids of all runs that were created and not deleted since."""
    changes = [change for commit in world.persistence.commits for change in commit]
    deleted = {change.run_id for change in changes if isinstance(change, DeleteRun)}
    created = (change.run.id for change in changes if isinstance(change, CreateRun))
    return [run_id for run_id in created if run_id not in deleted]


def _records(world: World, run_id: str) -> Iterator[str]:
    snapshot = world.persistence.snapshot(run_id)
    yield from _ends(snapshot.run)
    for stage in snapshot.stages:
        yield from _ends(stage)
        yield from _leftovers(stage)
        yield from _unfinished_in_finished(snapshot, stage)


def _ends(record: Run | StageRecord) -> Iterator[str]:
    if record.status.is_terminal != (record.completed_at is not None):
        yield f"{record.id} is {record.status} and completed_at is {record.completed_at}"


def _leftovers(stage: StageRecord) -> Iterator[str]:
    if (stage.lease is not None) != (stage.status is Status.RUNNING):
        yield f"{stage.id} is {stage.status} with the lease {stage.lease}"
    if (stage.suspension is not None) != (stage.status is Status.SUSPENDED):
        yield f"{stage.id} is {stage.status} with the suspension {stage.suspension}"


def _unfinished_in_finished(snapshot: Snapshot, stage: StageRecord) -> Iterator[str]:
    current = stage.generation == snapshot.run.generation
    if snapshot.run.status.is_terminal and current and not stage.status.is_terminal:
        yield f"{stage.id} is {stage.status} in a run that is {snapshot.run.status}"


def _statuses_in_order(world: World) -> Iterator[str]:
    """Yield every status of a run that does not follow from the one before."""
    last: dict[tuple[str, int], Status] = {}
    for change in (change for commit in world.persistence.commits for change in commit):
        if not isinstance(change, CreateRun | UpdateRun):
            continue
        run, key = change.run, (change.run.id, change.run.generation)
        before = last.get(key, Status.PENDING)
        if before is not run.status and run.status not in RUN_ARROWS[before]:
            yield f"{run.id} went from {before} to {run.status}"
        last[key] = run.status


def _events_without_run(world: World) -> Iterator[str]:
    changes = (change for commit in world.persistence.commits for change in commit)
    known = {change.run.id for change in changes if isinstance(change, CreateRun)}
    yield from (event.id for event in world.sink.events if event.run_id not in known)


def _due_for_ever(world: World) -> Iterator[str]:
    over = {run_id for run_id in run_ids(world) if world.run(run_id).status.is_terminal}
    yield from (f"{due} is due for ever" for due in world.due() if due.run_id in over)
