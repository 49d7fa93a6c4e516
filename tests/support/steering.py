"""Ports on memory that a test can steer: out of reach, choosy, or overtaken by somebody else."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from adapters.memory import (
    MemoryBlobStore,
    MemoryEventSink,
    MemoryJobTransport,
    MemoryPersistence,
    MemoryScheduler,
)
from kernel.errors import UnavailableError
from kernel.model.annotation import Annotation
from kernel.model.bell import Bell
from kernel.model.call import Bill, ModelCall, Spending
from kernel.model.change import Change, UpdateStage
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.idempotency import IdempotencyRecord
from kernel.model.presence import Presence
from kernel.model.run import Intake, Run
from kernel.model.stage import StageKey, StageRecord
from kernel.ports.clock import Clock
from kernel.ports.event_sink import Published
from kernel.ports.persistence import Due, Head, Persistence, Snapshot, Standing

# Why a steered sink refuses an event.
REFUSAL: Final = "It does not like the type."


class SteeredPersistence:
    """Remembers every commit, and lets a test come between a decision and its commit.

    Args:
        inner: Where the records really are.
    """

    def __init__(self, inner: Persistence | None = None) -> None:
        self.inner: Persistence = inner or MemoryPersistence()
        self.commits: list[tuple[Change, ...]] = []
        self.ghosts: list[Due] = []
        self.watchers: list[Callable[[tuple[Change, ...]], object]] = []
        self._before: list[Callable[[], object]] = []
        self._refusals: list[Exception] = []

    def meanwhile(self, *acts: Callable[[], object]) -> None:
        """Let somebody else do *acts*, one before each of the next commits."""
        self._before += acts

    def refuse(self, error: Exception, *, times: int = 1) -> None:
        """Answer the next *times* commits with *error*."""
        self._refusals += [error] * times

    def commit(self, changes: Sequence[Change]) -> None:
        self._steer()
        self.inner.commit(changes)
        self._note(tuple(changes))

    def update(self, change: UpdateStage) -> Standing:
        self._steer()
        standing = self.inner.update(change)
        self._note((change,))
        return standing

    def _note(self, changes: tuple[Change, ...]) -> None:
        self.commits.append(changes)
        for watcher in self.watchers:
            watcher(changes)

    def _steer(self) -> None:
        if self._before:
            self._before.pop(0)()
        if self._refusals:
            raise self._refusals.pop(0)

    def run(self, run_id: str) -> Run:
        return self.inner.run(run_id)

    def head(self, run_id: str) -> Head:
        return self.inner.head(run_id)

    def standing(self, key: StageKey) -> Standing:
        return self.inner.standing(key)

    def snapshot(self, run_id: str) -> Snapshot:
        return self.inner.snapshot(run_id)

    def group(self, run_id: str, group: int) -> Iterator[StageRecord]:
        return self.inner.group(run_id, group)

    def intake(self, run_id: str) -> Intake:
        return self.inner.intake(run_id)

    def idempotency(self, command: str, key: str) -> IdempotencyRecord | None:
        return self.inner.idempotency(command, key)

    def past(self, run_id: str) -> Sequence[StageRecord]:
        return self.inner.past(run_id)

    def annotations(self, run_id: str) -> Sequence[Annotation]:
        return self.inner.annotations(run_id)

    def erase(self, run_id: str, *, limit: int) -> bool:
        return self.inner.erase(run_id, limit=limit)

    def dead_letters(self) -> Iterator[DeadLetter]:
        return self.inner.dead_letters()

    def has_dead_letter(self, letter: DeadLetter) -> bool:
        return self.inner.has_dead_letter(letter)

    def note_presence(self, presence: Presence) -> None:
        self.inner.note_presence(presence)

    def presences(self, queue: str) -> Sequence[Presence]:
        return self.inner.presences(queue)

    def bill(self, run_id: str) -> Bill | None:
        return self.inner.bill(run_id)

    def call(self, run_id: str, stage_id: str, call_id: str) -> ModelCall | None:
        return self.inner.call(run_id, stage_id, call_id)

    def calls(self, run_id: str, stage_id: str | None = None) -> Iterator[ModelCall]:
        return self.inner.calls(run_id, stage_id)

    def spending(self, topic: str, month: str) -> Iterator[Spending]:
        return self.inner.spending(topic, month)

    def due(self, *, by: datetime, limit: int) -> Sequence[Due]:
        """Nominate *ghosts* as well: the index may lag behind what it speaks of."""
        return [*self.ghosts, *self.inner.due(by=by, limit=limit)][:limit]


class SteeredSink(MemoryEventSink):
    """*accepts* events of each batch, or all of them; none while it is *down*.

    What *refuses* names, by type or id, is refused for good, as long as it is named.
    """

    down: bool = False
    accepts: int | None = None
    refuses: frozenset[str] = frozenset()

    def publish(self, events: Sequence[Event]) -> Published:
        if self.down:
            raise UnavailableError("The bus does not answer.")
        taken = events[: self.accepts]
        good = list(takewhile(lambda event: not self.refuses & {event.type, event.id}, taken))
        answer = super().publish(good)
        return answer if len(good) == len(taken) else replace(answer, refusal=REFUSAL)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A bell on its way, and for how long it was to be held back."""

    bell: Bell
    delay: timedelta


class SteeredTransport(MemoryJobTransport):
    """Refuses bells while it is *down*; takes and loses them while it is *deaf*."""

    down: bool = False
    deaf: bool = False

    def __init__(
        self, *, clock: Clock, visibility: timedelta, queues: Collection[str] = ()
    ) -> None:
        super().__init__(clock=clock, visibility=visibility, queues=queues)
        self.sent: list[Sent] = []

    @property
    def last(self) -> Sent:
        return self.sent[-1]

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        if self.down:
            raise UnavailableError("The queue does not answer.")
        self.sent += [Sent(bell=bell, delay=delay) for bell in bells]
        super().send([] if self.deaf else bells, delay=delay)


class SteeredScheduler(MemoryScheduler):
    """Does not answer while it is *down*."""

    down: bool = False

    def ring_at(self, bell: Bell, moment: datetime) -> None:
        if self.down:
            raise UnavailableError("The scheduler does not answer.")
        super().ring_at(bell, moment)


class SteeredBlobStore(MemoryBlobStore):
    """Does not answer while it is *down*."""

    down: bool = False

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        self._answer()
        super().put(key, content, content_type=content_type)

    def get(self, key: str) -> bytes:
        self._answer()
        return super().get(key)

    def purge(self, prefix: str, *, limit: int) -> bool:
        self._answer()
        return super().purge(prefix, limit=limit)

    def _answer(self) -> None:
        if self.down:
            raise UnavailableError("The blob store does not answer.")
