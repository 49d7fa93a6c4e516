"""Note that a run was looked at: its events are out, and when it is due next.

Only if it is unchanged since it was read: what came in between wants a look of its own.
"""

from dataclasses import dataclass, replace

from kernel.decisions.due import next_look
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateRun, differences, equals
from kernel.ports.persistence import Head


@dataclass(frozen=True, kw_only=True)
class MarkRunResult:
    marked: bool


@dataclass(frozen=True, kw_only=True)
class MarkRun(Command[MarkRunResult]):
    """*seen* is the run as it was read before the look; *published*: its outbox was sent."""

    name = "run.mark"

    seen: Head
    published: bool = False


def handle(command: MarkRun, context: Context) -> Outcome[MarkRunResult]:
    if not context.is_first_try:
        return Outcome(result=MarkRunResult(marked=False))
    run = command.seen.run
    left = replace(run, outbox=()) if command.published else run
    due = next_look(left, command.seen.active, now=context.now, policy=context.policy)
    new = replace(run, due_at=due)
    writes = differences(run, new)
    if not writes and not command.published:
        return Outcome(result=MarkRunResult(marked=True))
    requires = (equals("version", run.version), equals("generation", run.generation))
    change = UpdateRun(run=new, writes=writes, requires=requires, clears=command.published)
    return Outcome(result=MarkRunResult(marked=True), changes=(change,))
