"""Note that a run was looked at: its events are out, and when it is due next.

Only if it is unchanged since it was read: what came in between wants a look of its own.
"""

from dataclasses import dataclass, replace

from kernel.decisions.due import next_look
from kernel.decisions.outbox import Sending, sifted
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateRun, differences, equals
from kernel.ports.persistence import Head


@dataclass(frozen=True, kw_only=True)
class MarkRunResult:
    """*buried*: an event of it is a dead letter now."""

    marked: bool
    buried: bool = False


@dataclass(frozen=True, kw_only=True)
class MarkRun(Command[MarkRunResult]):
    """*seen* is the run as it was read before the look; *sending*: its outbox was sent."""

    name = "run.mark"

    seen: Head
    sending: Sending | None = None


def handle(command: MarkRun, context: Context) -> Outcome[MarkRunResult]:
    if not context.is_first_try:
        return Outcome(result=MarkRunResult(marked=False))
    run = command.seen.run
    after = sifted(context, run.outbox, command.sending)
    clears = after.left != run.outbox
    left = replace(run, outbox=after.left)
    due = next_look(left, command.seen.active, now=context.now, policy=context.policy)
    new = replace(run, due_at=after.due(due, context))
    writes = differences(run, new)
    if not writes and not clears:
        return Outcome(result=MarkRunResult(marked=True))
    change = UpdateRun(
        run=new,
        writes=writes,
        requires=(equals("version", run.version), equals("generation", run.generation)),
        events=after.left if clears else (),
        clears=clears,
    )
    result = MarkRunResult(marked=True, buried=bool(after.letters))
    return Outcome(result=result, changes=(change, *after.letters))
