"""Note that a stage was looked at: its events are out, its group was asked about, when it is due.

Only if it is unchanged since it was read: what came in between wants a look of its own.
"""

from dataclasses import dataclass, replace

from kernel.decisions.due import next_look
from kernel.decisions.outbox import Sending, sifted
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateStage, differences, equals
from kernel.ports.persistence import Standing


@dataclass(frozen=True, kw_only=True)
class MarkStageResult:
    """*buried*: an event of it is a dead letter now."""

    marked: bool
    buried: bool = False


@dataclass(frozen=True, kw_only=True)
class MarkStage(Command[MarkStageResult]):
    """*seen* as read before the look; *sending*: its outbox was sent.

    *advanced*: a transition was made **after** it was read.
    """

    name = "stage.mark"

    seen: Standing
    sending: Sending | None = None
    advanced: bool = False


def handle(command: MarkStage, context: Context) -> Outcome[MarkStageResult]:
    if not context.is_first_try:
        return Outcome(result=MarkStageResult(marked=False))
    stage = command.seen.stage
    unadvanced = stage.unadvanced and not command.advanced
    after = sifted(context, stage.outbox, command.sending)
    clears = after.left != stage.outbox
    left = replace(stage, unadvanced=unadvanced, outbox=after.left)
    due = next_look(command.seen.run, left, now=context.now, policy=context.policy)
    new = replace(stage, unadvanced=unadvanced, due_at=after.due(due, context))
    writes = differences(stage, new)
    if not writes and not clears:
        return Outcome(result=MarkStageResult(marked=True))
    change = UpdateStage(
        stage=new,
        writes=writes,
        # Another generation's stage counts its versions from 1 again.
        requires=(equals("version", stage.version), equals("generation", stage.generation)),
        events=after.left if clears else (),
        clears=clears,
    )
    result = MarkStageResult(marked=True, buried=bool(after.letters))
    return Outcome(result=result, changes=(change, *after.letters))
