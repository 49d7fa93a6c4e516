"""Put events that were given up on back in line, each by itself.

All that are meant are listed before the first is put back, so one that is refused again is not
replayed again.
"""

from dataclasses import dataclass

from kernel.commands.drop_dead_letter import DropDeadLetter
from kernel.commands.replay_event import Replay, ReplayEvent
from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.errors import EngineError, RejectedError, UnavailableError
from kernel.model.dead_letter import DeadLetter, LetterFilter
from kernel.queries.list_dead_letters import ALL, list_dead_letters


@dataclass(frozen=True, kw_only=True)
class ReplayDeadLettersResult:
    """How many went back in line, or out where their run is gone; *failed* stay where they are.

    What somebody else replayed meanwhile counts as neither.
    """

    replayed: int
    failed: int = 0


@dataclass(frozen=True, kw_only=True)
class ReplayDeadLetters(Command[ReplayDeadLettersResult]):
    """Those that *which* means, the oldest first, up to *limit*."""

    name = "plugin.replayDLQ"

    which: LetterFilter = ALL
    limit: int = 100


def replay_dead_letters(command: ReplayDeadLetters, kernel: Kernel) -> ReplayDeadLettersResult:
    letters = list_dead_letters(kernel.ports, command.which, limit=command.limit)
    replayed = failed = 0
    for letter in letters:
        try:
            replayed += _replay(kernel, letter)
        except EngineError as error:
            failed += 1
            report(kernel.ports, f"Event {letter.event.id!r} stays a dead letter.", error)
    return ReplayDeadLettersResult(replayed=replayed, failed=failed)


def _replay(kernel: Kernel, letter: DeadLetter) -> bool:
    """Return whether this call did it."""
    match kernel.dispatch(ReplayEvent(letter=letter)).replay:
        case Replay.HOMELESS:
            return _send_off(kernel, letter)
        case replay:
            return replay is Replay.PUT_BACK


def _send_off(kernel: Kernel, letter: DeadLetter) -> bool:
    """Send the event of a run that is gone: it has no outbox to wait in.

    Raises:
        RejectedError: It was refused once more.
        UnavailableError: It did not go out.
    """
    answer = kernel.ports.sink.publish([letter.event])
    if answer.refusal is not None:
        raise RejectedError(f"It was refused again: {answer.refusal}", event_id=letter.event.id)
    if not answer.accepted:
        raise UnavailableError("The sink took nothing.", event_id=letter.event.id)
    return kernel.dispatch(DropDeadLetter(letter=letter)).dropped
