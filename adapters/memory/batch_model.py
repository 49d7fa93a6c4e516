"""A provider of batches that answers as it is told to, and is as untidy as real ones are."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from kernel.errors import EngineError, ModelRejectedError, NotFoundError
from kernel.model.failure import Failure
from kernel.model.message import ModelReply, ModelRequest, Text, Usage
from kernel.ports.batch_model import (
    BatchAnswer,
    BatchLimits,
    BatchLine,
    BatchStanding,
    BatchState,
    BatchTicket,
)
from kernel.ports.clock import Clock

Said: TypeAlias = str | ModelReply | Failure

AN_HOUR: Final = timedelta(hours=1)
ROOMY: Final = BatchLimits(most_lines=50_000, most_bytes=200_000_000)
USAGE: Final = Usage(input=100, output=20)
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}")
_LINE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def echo(request: ModelRequest) -> str:
    """Return the first text of *request*."""
    parts = [part for message in request.messages for part in message.parts]
    return next((part.text for part in parts if isinstance(part, Text)), "")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a batch is to end. *answered*: how many lines have an answer then; None for all."""

    state: BatchState = BatchState.ENDED
    answered: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class HandedIn:
    """A batch as it was handed in, and the answers that each of its lines will get."""

    name: str
    model: str
    lines: tuple[BatchLine, ...]
    at: datetime
    answers: tuple[tuple[BatchAnswer, ...], ...] = ()
    ending: Ending = field(default_factory=Ending)


class ScriptedBatches:
    """Batches in this process, which end an hour after they were handed in.

    Lines are answered one after the other in that time; their answers come last line first.

    Args:
        answer: What comes of a request. No answer at all is a line that is lost, and several are
            one that is answered several times.
        takes: How long every batch takes.
        endings: Of the first batch, the second, and so on; those after them end well.
        strangers: Answers to what nobody has asked, in every batch.
        usage: Of each answer that is given as text.

    Attributes:
        handed_in: Every batch that was taken, in their order.
        refusal: Raised instead of taking a batch, while it is set.
    """

    def __init__(  # noqa: PLR0913 - each is a way in which providers differ
        self,
        *,
        clock: Clock,
        answer: Callable[[ModelRequest], Said | Sequence[Said]] = echo,
        takes: timedelta = AN_HOUR,
        endings: Sequence[Ending] = (),
        strangers: Sequence[BatchAnswer] = (),
        limits: BatchLimits = ROOMY,
        usage: Usage = USAGE,
    ) -> None:
        self._clock = clock
        self._answer = answer
        self._takes = takes
        self._endings = endings
        self._strangers = strangers
        self._limits = limits
        self._usage = usage
        self._lock = threading.Lock()
        self._cancelled: dict[str, datetime] = {}
        self._forgotten: set[str] = set()
        self.handed_in: list[HandedIn] = []
        self.refusal: EngineError | None = None

    @property
    def lines(self) -> list[BatchLine]:
        """Return every line that was handed in, in all batches."""
        return [line for batch in self.handed_in for line in batch.lines]

    def end(self, ending: Ending) -> None:
        """Write another *ending* for every batch that runs."""
        with self._lock:
            self.handed_in = [
                replace(batch, ending=ending)
                if self._state(batch) is BatchState.RUNNING
                else batch
                for batch in self.handed_in
            ]

    def forget(self, name: str) -> None:
        """Know nothing of the batch of that name any more, but that it was handed in."""
        self._forgotten.add(name)

    def limits(self, model: str) -> BatchLimits:
        return self._limits

    def submit(self, name: str, model: str, lines: Iterable[BatchLine]) -> BatchTicket:
        if self.refusal is not None:
            raise self.refusal
        known = self.find(name, model)
        return known or self._taken(name, model, tuple(lines))

    def find(self, name: str, model: str) -> BatchTicket | None:
        known = [batch for batch in self.handed_in if batch.name == name]
        return _ticket(known[0]) if known and name not in self._forgotten else None

    def standing(self, ticket: BatchTicket) -> BatchStanding:
        batch = self._batch(ticket)
        state = self._state(batch)
        return BatchStanding(
            state=state,
            done=self._done(batch),
            total=len(batch.lines),
            reason=batch.ending.reason if state is batch.ending.state else "",
        )

    def answers(self, ticket: BatchTicket) -> Iterator[BatchAnswer]:
        batch = self._batch(ticket)
        for answers in reversed(batch.answers[: self._done(batch)]):
            yield from answers
        yield from self._strangers

    def cancel(self, ticket: BatchTicket) -> None:
        batch = self._batch(ticket)
        if self._state(batch) is BatchState.RUNNING:
            self._cancelled[batch.name] = self._clock.now()

    def _taken(self, name: str, model: str, lines: tuple[BatchLine, ...]) -> BatchTicket:
        self._refuse_untidy(name, lines)
        with self._lock:
            known = self.find(name, model)
            if known is not None:
                return known
            nth = len(self.handed_in)
            ending = self._endings[nth] if nth < len(self._endings) else Ending()
            at = self._clock.now()
            answers = tuple(tuple(self._answers(line)) for line in lines)
            batch = HandedIn(
                name=name, model=model, lines=lines, at=at, answers=answers, ending=ending
            )
            self.handed_in.append(batch)
        return _ticket(batch)

    def _refuse_untidy(self, name: str, lines: tuple[BatchLine, ...]) -> None:
        ids = [line.id for line in lines]
        demands = {
            "a name is 1 to 63 letters, digits and '-'": _NAME.fullmatch(name),
            "an id is 1 to 64 letters, digits, '-' and '_'": all(map(_LINE.fullmatch, ids)),
            "no id comes twice": len({*ids}) == len(ids),
            f"there are at least {self._limits.least_lines} lines": (
                len(ids) >= self._limits.least_lines
            ),
            f"there are at most {self._limits.most_lines} lines": (
                len(ids) <= self._limits.most_lines
            ),
        }
        problems = [demand for demand, met in demands.items() if not met]
        if problems:
            raise ModelRejectedError(f"Of a batch this must hold: {'; '.join(problems)}.")

    def _batch(self, ticket: BatchTicket) -> HandedIn:
        if self.find(ticket.name, ticket.model) is None:
            message = f"There is no batch {ticket.name!r}."
            raise NotFoundError(message, name=ticket.name)
        return next(batch for batch in self.handed_in if batch.name == ticket.name)

    def _state(self, batch: HandedIn) -> BatchState:
        if batch.name in self._cancelled:
            return BatchState.CANCELLED
        over = self._clock.now() - batch.at >= self._takes
        return batch.ending.state if over else BatchState.RUNNING

    def _done(self, batch: HandedIn) -> int:
        """Return how many lines are answered by now."""
        until = self._cancelled.get(batch.name, self._clock.now())
        share = min((until - batch.at) / self._takes, 1.0) if self._takes else 1.0
        done = int(len(batch.lines) * share)
        most = batch.ending.answered
        return done if most is None else min(done, most)

    def _answers(self, line: BatchLine) -> Iterator[BatchAnswer]:
        said = self._answer(line.request)
        for one in [said] if isinstance(said, str | ModelReply | Failure) else said:
            yield self._answered(line, one)

    def _answered(self, line: BatchLine, said: Said) -> BatchAnswer:
        match said:
            case Failure():
                return BatchAnswer(id=line.id, error=said)
            case ModelReply():
                return BatchAnswer(id=line.id, reply=said)
            case text:
                reply = ModelReply(parts=(Text(text=text),), usage=self._usage)
                return BatchAnswer(id=line.id, reply=reply)


def _ticket(batch: HandedIn) -> BatchTicket:
    return BatchTicket(
        name=batch.name,
        model=batch.model,
        handle={"id": f"scripted/{batch.name}"},
        submitted_at=batch.at,
    )
