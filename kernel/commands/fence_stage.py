"""Cancel one stage of a run that is being closed, whatever it is doing."""

from dataclasses import dataclass, replace

from kernel.decisions.reading import standing
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateStage, differences, equals, one_of
from kernel.model.stage import StageRecord
from kernel.model.status import UNFINISHED

# What a stage may hold that was claimed, suspended or put off, or that reported, after it was
# listed.
HELD = frozenset({"status", "lease", "suspension", "progress", "completed_at", "due_at"})


@dataclass(frozen=True, kw_only=True)
class FenceStageResult:
    fenced: bool


@dataclass(frozen=True, kw_only=True)
class FenceStage(Command[FenceStageResult]):
    """*seen* was listed after the run was closed; its generation counts, its version does not."""

    name = "stage.fence"

    seen: StageRecord


def handle(command: FenceStage, context: Context) -> Outcome[FenceStageResult]:
    stage = command.seen if context.is_first_try else _read_again(command, context)
    if stage is None or stage.status.is_terminal or stage.generation != command.seen.generation:
        return Outcome(result=FenceStageResult(fenced=False))
    fenced = stage.fenced(at=context.now)
    change = UpdateStage(
        # Its outbox may have grown since it was listed: the tick shall look, and then let it be.
        stage=replace(fenced, due_at=context.now + context.policy.grace),
        writes=differences(stage, fenced) | HELD,
        requires=(one_of("status", tuple(UNFINISHED)), equals("generation", stage.generation)),
    )
    return Outcome(result=FenceStageResult(fenced=True), changes=(change,))


def _read_again(command: FenceStage, context: Context) -> StageRecord | None:
    found = standing(context, command.seen.key)
    return found.stage if found else None
