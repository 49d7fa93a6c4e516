"""Put a dead letter's event back into its run's outbox, and take the letter away, in one commit.

The event keeps its id and its sequence; its refusals are forgotten. Whoever asks second finds no
letter any more.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from kernel.decisions.due import earliest
from kernel.decisions.reading import unless_retired
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import NotFoundError
from kernel.model.change import RemoveDeadLetter, UpdateRun, equals
from kernel.model.dead_letter import DeadLetter
from kernel.model.run import Run


class Replay(StrEnum):
    """What became of a dead letter."""

    PUT_BACK = "put back"
    TAKEN = "taken by another"
    HOMELESS = "its run is gone"


@dataclass(frozen=True, kw_only=True)
class ReplayEventResult:
    replay: Replay


@dataclass(frozen=True, kw_only=True)
class ReplayEvent(Command[ReplayEventResult]):
    """*letter* as it was listed."""

    name = "event.replay"

    letter: DeadLetter


def handle(command: ReplayEvent, context: Context) -> Outcome[ReplayEventResult]:
    letter = command.letter
    try:
        run = unless_retired(context.ports.persistence.run(letter.event.run_id))
    except NotFoundError:
        return Outcome(result=ReplayEventResult(replay=Replay.HOMELESS))
    if not context.is_first_try and not context.ports.persistence.has_dead_letter(letter):
        return Outcome(result=ReplayEventResult(replay=Replay.TAKEN))
    return Outcome(
        result=ReplayEventResult(replay=Replay.PUT_BACK),
        changes=(RemoveDeadLetter(letter=letter), _put_back(run, letter, context)),
    )


def _put_back(run: Run, letter: DeadLetter, context: Context) -> UpdateRun:
    """Append the event, whatever types are published by now: somebody wants it sent."""
    due = earliest(run.due_at, context.now + context.policy.grace)
    return UpdateRun(
        run=replace(run, due_at=due),
        writes=frozenset({"due_at"}),
        # An instant that a stage beside it was given since may be the earlier one.
        requires=(equals("version", run.version),),
        events=(replace(letter.event, refusals=0),),
    )
