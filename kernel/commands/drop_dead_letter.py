"""Take a dead letter away whose event went out, as its run is gone."""

from dataclasses import dataclass

from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import RemoveDeadLetter
from kernel.model.dead_letter import DeadLetter


@dataclass(frozen=True, kw_only=True)
class DropDeadLetterResult:
    """*dropped* is false where somebody else had taken it."""

    dropped: bool


@dataclass(frozen=True, kw_only=True)
class DropDeadLetter(Command[DropDeadLetterResult]):
    """*letter* as it was listed."""

    name = "deadLetter.drop"

    letter: DeadLetter


def handle(command: DropDeadLetter, context: Context) -> Outcome[DropDeadLetterResult]:
    if not context.is_first_try:
        return Outcome(result=DropDeadLetterResult(dropped=False))
    return Outcome(
        result=DropDeadLetterResult(dropped=True),
        changes=(RemoveDeadLetter(letter=command.letter),),
    )
