"""What becomes of a run when its group is done, and how the next group begins."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from kernel import events
from kernel.authoring.stage import Stage
from kernel.authoring.workflow import Workflow
from kernel.decisions.bells import execute_bell
from kernel.decisions.due import looked_after, stage_due
from kernel.decisions.writing import Decision, write_run
from kernel.dispatch import Context
from kernel.errors import InvalidInputError
from kernel.model.change import Condition, CreateStage, UpdateRun, absent, equals, one_of
from kernel.model.event import Event
from kernel.model.failure import Failure
from kernel.model.json import Json
from kernel.model.materials import Materials
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import TERMINAL, Status

AnyStage: TypeAlias = Stage[Any, Any]


def open_as_read(run: Run) -> tuple[Condition, ...]:
    """Return what must still hold for anything to move *run* on (protocol: open, as read)."""
    return (
        equals("status", Status.RUNNING),
        absent("closing"),
        equals("generation", run.generation),
        equals("cursor", run.cursor),
    )


def start(
    context: Context, run: Run, workflow: Workflow, copy: Materials | None = None
) -> Decision:
    """Begin the first group (protocol step 2)."""
    requires = (equals("status", Status.PENDING), absent("closing"))
    new = replace(run.started(at=context.now), fingerprint=workflow.fingerprint)
    happened = events.run_started(run, at=context.now)
    change = write_run(context, run, new, requires, happened)
    return _entered(context, run, change, workflow, copy)


def advance(
    context: Context,
    run: Run,
    workflow: Workflow,
    copy: Materials | None = None,
    *,
    sends: bool = False,
) -> Decision:
    """Begin the next group, or complete the run (steps 5 and 12).

    Args:
        copy: What the next group's stages begin with, where it is at hand.
        sends: The stage that settles in the same commit has events.
    """
    requires = open_as_read(run)
    if run.cursor < len(workflow.groups):
        new = replace(run.advanced(), fingerprint=workflow.fingerprint)
        change = write_run(context, run, new, requires, sends=sends)
        return _entered(context, run, change, workflow, copy)
    new = run.completed(at=context.now)
    happened = events.run_completed(run, at=context.now)
    return Decision(changes=(write_run(context, run, new, requires, happened, sends=sends),))


def reenter(
    context: Context, run: Run, workflow: Workflow, group: int, unsent: Iterable[Event]
) -> Decision:
    """Begin *group* of a run that is over, in a new generation (step 18).

    *unsent* are the events of what is replaced: they go out with the run's own.
    """
    requires = (
        one_of("status", tuple(TERMINAL)),
        absent("closing"),
        absent("retired_at"),
        equals("generation", run.generation),
    )
    new = run.rerun(group=group, fingerprint=workflow.fingerprint, at=context.now)
    happened = events.run_started(new, at=context.now)
    change = write_run(context, run, new, requires, *unsent, happened)
    return _entered(context, run, change, workflow, None)


def fail(context: Context, run: Run, error: Failure, *, sends: bool = False) -> Decision:
    """End the run with *error*; *sends* as above."""
    new = run.failed(error, at=context.now)
    happened = events.run_failed(run, error, at=context.now)
    requires = open_as_read(run)
    return Decision(changes=(write_run(context, run, new, requires, happened, sends=sends),))


def refused_output(workflow: Workflow, run: Run, output: Json) -> Failure | None:
    """Return why *output* is not what the workflow declared, if it is its last word at all."""
    if workflow.output is None or run.cursor < len(workflow.groups):
        return None
    try:
        workflow.output.parse(output)
    except InvalidInputError as error:
        message = (
            f"The output of workflow {workflow.id!r} is not what it declared: {error.message}"
        )
        return Failure.of("INVALID_OUTPUT", message)
    return None


def _entered(
    context: Context, old: Run, change: UpdateRun, workflow: Workflow, copy: Materials | None
) -> Decision:
    """Make the stages of the group that *change* takes the run to."""
    payload = copy.payload(limit=context.policy.bell_limit) if copy else None
    small = copy if payload is not None else None
    run = replace(change.run, due_at=old.due_at)
    group = workflow.groups[run.cursor - 1]
    stages = [_made(context, run, group, ordinal, small) for ordinal in range(len(group))]
    return Decision(
        changes=(change, *(CreateStage(stage=stage) for stage in stages)),
        bells=tuple(execute_bell(stage, workflow, copy=small) for stage in stages),
    )


def _made(
    context: Context,
    run: Run,
    group: tuple[AnyStage, ...],
    ordinal: int,
    copy: Materials | None,
) -> StageRecord:
    definition = group[ordinal]
    record = StageRecord(
        run_id=run.id,
        id=definition.id,
        workflow_id=run.workflow_id,
        group=run.cursor,
        ordinal=ordinal,
        solo=len(group) == 1,
        generation=run.generation,
        max_attempts=definition.retry.max_attempts,
        urgent=run.is_urgent,
        tenant=run.tenant,
        created_at=context.now,
        digest=copy.digest if copy else None,
    )
    return _dated(context, run, record)


def _dated(context: Context, run: Run, record: StageRecord) -> StageRecord:
    due = stage_due(record, now=context.now, policy=context.policy, has_events=False)
    held = run.due_at if record.solo else None
    serves = looked_after(held, due, policy=context.policy)
    return replace(record, due_at=held if serves else due)
