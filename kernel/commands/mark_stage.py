"""Note that a stage was looked at: its events are out, its group was asked about, when it is due.

Only if it is unchanged since it was read: what came in between wants a look of its own.
"""

from dataclasses import dataclass, replace

from kernel.decisions.due import next_look
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateStage, differences, equals
from kernel.ports.persistence import Standing


@dataclass(frozen=True, kw_only=True)
class MarkStageResult:
    marked: bool


@dataclass(frozen=True, kw_only=True)
class MarkStage(Command[MarkStageResult]):
    """*seen* as read before the look. *advanced*: a transition was made **after** it was read."""

    name = "stage.mark"

    seen: Standing
    published: bool = False
    advanced: bool = False


def handle(command: MarkStage, context: Context) -> Outcome[MarkStageResult]:
    if not context.is_first_try:
        return Outcome(result=MarkStageResult(marked=False))
    stage = command.seen.stage
    unadvanced = stage.unadvanced and not command.advanced
    outbox = () if command.published else stage.outbox
    left = replace(stage, unadvanced=unadvanced, outbox=outbox)
    due = next_look(command.seen.run, left, now=context.now, policy=context.policy)
    new = replace(stage, unadvanced=unadvanced, due_at=due)
    writes = differences(stage, new)
    if not writes and not command.published:
        return Outcome(result=MarkStageResult(marked=True))
    # A stage that was made anew counts its versions anew.
    requires = (equals("version", stage.version), equals("generation", stage.generation))
    change = UpdateStage(stage=new, writes=writes, requires=requires, clears=command.published)
    return Outcome(result=MarkStageResult(marked=True), changes=(change,))
