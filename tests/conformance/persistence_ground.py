"""What the promises of persistence stand on: fixtures, and words for what is there already."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import uuid4

import pytest

from kernel.errors import ConditionFailedError
from kernel.model.change import Change, CreateRun, CreateStage, UpdateStage
from kernel.model.event import Event
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.support.builders import (
    NOON,
    a_lease,
    a_result,
    a_run,
    a_stage,
    after,
    an_event,
    an_intake,
    update_run,
    update_stage,
)


class Ground:
    """Each test has a run id of its own, so that a store may serve many tests."""

    @pytest.fixture
    def persistence(self) -> Persistence:
        raise NotImplementedError

    @pytest.fixture
    def run_id(self) -> str:
        return f"run-{uuid4().hex}"


def given_run(persistence: Persistence, run_id: str, **fields: Any) -> Run:
    """Store a run and return it as it is read."""
    run = a_run(id=run_id, **fields)
    persistence.commit([CreateRun(run=run, intake=an_intake(run_id=run_id))])
    return persistence.run(run_id)


def given_group(
    persistence: Persistence, run_id: str, stages: Sequence[StageRecord], **fields: Any
) -> Run:
    """Store a run that is in the group of *stages*, and return it as it is read."""
    run = given_run(persistence, run_id, **fields)
    started = update_run(
        run,
        status=Status.RUNNING,
        cursor=stages[0].group,
        generation=stages[0].generation,
        started_at=NOON,
        due_at=None,
    )
    persistence.commit([started, *(CreateStage(stage=stage) for stage in stages)])
    return persistence.run(run_id)


def given_solo(persistence: Persistence, run_id: str, **fields: Any) -> StageRecord:
    """Store a run whose present group is one stage, and return the stage as it is read."""
    stage = a_stage(run_id=run_id, **fields)
    given_group(persistence, run_id, [stage])
    return persistence.standing(stage.key).stage


def given_sibling(persistence: Persistence, run_id: str, **fields: Any) -> StageRecord:
    """Store a run whose present group has two stages, and return the first as it is read."""
    stage = a_stage(run_id=run_id, solo=False, **fields)
    other = a_stage(
        run_id=run_id,
        id="other",
        solo=False,
        group=stage.group,
        ordinal=stage.ordinal + 1,
        generation=stage.generation,
    )
    given_group(persistence, run_id, [stage, other])
    return persistence.standing(stage.key).stage


Given: TypeAlias = Callable[..., StageRecord]
Changing: TypeAlias = Callable[[StageRecord], Change]

# A stage is a stage, alone in its group or not.
alone_or_not = pytest.mark.parametrize("given", [given_solo, given_sibling])


def running(holder: str = "token-1") -> dict[str, Any]:
    """Return the fields of a stage at work."""
    lease = a_lease(token=holder)
    return {"status": Status.RUNNING, "attempt": 1, "lease": lease, "started_at": NOON}


def completion(stage: StageRecord, **written: Any) -> UpdateStage:
    """Return the change by which a stage at work is completed."""
    fields: dict[str, Any] = {
        "status": Status.COMPLETED,
        "lease": None,
        "result": a_result(),
        "completed_at": after(3),
        "settled_by": "token-1",
        "due_at": None,
    }
    return update_stage(stage, **fields | written)


def happened(run_id: str, *names: str) -> tuple[Event, ...]:
    """Return an event for each of *names*, to know it by."""
    return tuple(an_event(id=f"{run_id}:{name}", run_id=run_id, type=name) for name in names)


def names_of(events: Sequence[Event]) -> list[str]:
    return [event.type for event in events]


def waiting(persistence: Persistence, run_id: str) -> list[str]:
    """Return the names of all events in the run's outboxes; its own outbox comes last."""
    snapshot = persistence.snapshot(run_id)
    stages = [event for stage in snapshot.stages for event in stage.outbox]
    return names_of([*stages, *snapshot.run.outbox])


def goes_in(persistence: Persistence, *changes: Change) -> bool:
    """Return whether the commit happened."""
    try:
        persistence.commit(changes)
    except ConditionFailedError:
        return False
    return True


def by_itself(stage: StageRecord) -> StageRecord:
    """Return *stage* without what it may share with its run."""
    return replace(stage, version=1, outbox=(), due_at=None)
