"""Move a run on when its group is done: a pure function of what is stored, safe to repeat."""

from dataclasses import dataclass, replace
from enum import StrEnum

from kernel.authoring.workflow import Workflow
from kernel.decisions.advancing import advance, fail, refused_output
from kernel.decisions.definitions import fitting
from kernel.decisions.writing import Decision
from kernel.dispatch import Command, Context, Outcome
from kernel.model.failure import Failure
from kernel.model.run import Run
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.payloads import merged


class Moved(StrEnum):
    """What a transition did."""

    ADVANCED = "advanced"
    COMPLETED = "completed"
    FAILED = "failed"
    NOTHING = "noop"


@dataclass(frozen=True, kw_only=True)
class AdvanceRunResult:
    moved: Moved


@dataclass(frozen=True, kw_only=True)
class AdvanceRun(Command[AdvanceRunResult]):
    """Dispatched after a sibling settled, and by whoever finds one that nobody followed up."""

    name = "run.transition"

    run_id: str


def handle(command: AdvanceRun, context: Context) -> Outcome[AdvanceRunResult]:
    """Raise `DefinitionChangedError` where it would go on, and no definition here fits."""
    run = context.ports.persistence.run(command.run_id)
    stages = _finished(context, run) if run.is_open else None
    if stages is None:
        return Outcome(result=AdvanceRunResult(moved=Moved.NOTHING))
    failed = next((stage for stage in stages if stage.status is Status.FAILED), None)
    if failed is not None:
        decision, moved = _failed(context, run, failed), Moved.FAILED
    else:
        decision, moved = _moved_on(context, run, stages)
    return Outcome(
        result=AdvanceRunResult(moved=moved), changes=decision.changes, bells=decision.bells
    )


def _finished(context: Context, run: Run) -> list[StageRecord] | None:
    """Return the group's stages, or None at the first that is not over.

    What was made counts, not what the definition says today: a group is made in one commit, and
    a deployment since then must not leave the run waiting for a stage that nobody made.
    """
    stages: list[StageRecord] = []
    for stage in context.ports.persistence.group(run.id, run.cursor):
        if stage.generation != run.generation:
            continue
        if not stage.status.is_terminal:
            return None
        stages.append(stage)
    return sorted(stages, key=lambda stage: stage.ordinal) or None


def _failed(context: Context, run: Run, stage: StageRecord) -> Decision:
    error = stage.error or Failure.of("STAGE_FAILED", f"Stage {stage.id!r} failed.")
    return fail(context, run, replace(error, stage_id=stage.id))


def _moved_on(context: Context, run: Run, stages: list[StageRecord]) -> tuple[Decision, Moved]:
    workflow = fitting(context.ports, run.workflow_id, run.id, known_as=run.fingerprint)
    if run.cursor < len(workflow.groups):
        return advance(context, run, workflow), Moved.ADVANCED
    error = _refused(context, workflow, run, stages)
    if error is not None:
        return fail(context, run, error), Moved.FAILED
    return advance(context, run, workflow), Moved.COMPLETED


def _refused(
    context: Context, workflow: Workflow, run: Run, stages: list[StageRecord]
) -> Failure | None:
    if workflow.output is None:
        return None
    return refused_output(workflow, run, merged(context.ports.blobs, stages))
