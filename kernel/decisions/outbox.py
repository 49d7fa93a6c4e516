"""What stays in an outbox when it was sent, and what is given up on.

An event that is refused is counted where it waits. At the last try it moves into a dead letter,
in the commit that takes it out of its outbox; those behind it go on. That the sink is down counts
for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from kernel.decisions.due import earliest
from kernel.dispatch import Context
from kernel.model.change import SaveDeadLetter
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.ports.event_sink import Published


@dataclass(frozen=True, kw_only=True)
class Sending:
    """What became of the events that were sent, by their ids; *reason*: why one was refused."""

    accepted: frozenset[str]
    refused: str | None = None
    reason: str = ""

    @classmethod
    def of(cls, events: Sequence[Event], answer: Published) -> Self:
        """Return what the sink's *answer* to *events* comes to."""
        accepted = frozenset(event.id for event in answer.accepted)
        if answer.refusal is None:
            return cls(accepted=accepted)
        refused = events[len(answer.accepted)]
        return cls(accepted=accepted, refused=refused.id, reason=answer.refusal)

    def concerns(self, outbox: Sequence[Event]) -> bool:
        """Whether anything became of an event that waits there."""
        return any(event.id in self.accepted or event.id == self.refused for event in outbox)


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """An outbox afterwards: what is *left* in it, and the *letters* that came out of it."""

    left: tuple[Event, ...]
    letters: tuple[SaveDeadLetter, ...] = ()

    def due(self, due: datetime | None, context: Context) -> datetime | None:
        """Return when to look again: where others were held up, they go on soon."""
        if not (self.letters and self.left):
            return due
        return earliest(due, context.now + context.policy.grace)


def sifted(context: Context, outbox: tuple[Event, ...], sending: Sending | None) -> Sifted:
    """Return what is left of *outbox*; all of it, where nothing was sent."""
    if sending is None:
        return Sifted(left=outbox)
    waiting = [event for event in outbox if event.id not in sending.accepted]
    left = [_counted(event) if event.id == sending.refused else event for event in waiting]
    given_up = next((event for event in left if _is_given_up(event, context, sending)), None)
    if given_up is None:
        return Sifted(left=tuple(left))
    # A rerun may have brought a second copy of it.
    others = tuple(event for event in left if event.id != given_up.id)
    return Sifted(left=others, letters=(_letter(given_up, context, sending),))


def _counted(event: Event) -> Event:
    return replace(event, refusals=event.refusals + 1)


def _is_given_up(event: Event, context: Context, sending: Sending) -> bool:
    return event.id == sending.refused and event.refusals >= context.policy.publish_tries


def _letter(event: Event, context: Context, sending: Sending) -> SaveDeadLetter:
    letter = DeadLetter(
        event=event,
        reason=sending.reason,
        at=context.now,
        expires_at=context.now + context.policy.dead_letters_kept,
    )
    return SaveDeadLetter(letter=letter)
