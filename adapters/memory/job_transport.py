"""A queue in this process, with SQS's manners: delays, visibility, receipts, dead letters."""

import heapq
import itertools
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from kernel.errors import InvalidInputError, NotFoundError
from kernel.model import bell_wire
from kernel.model.bell import Bell
from kernel.model.lacking import no_queue
from kernel.ports.clock import Clock
from kernel.ports.job_transport import Delivery

# No name of a queue looks like these.
_URGENT: Final = "(urgent)"
_ORDINARY: Final = "(ordinary)"


@dataclass(kw_only=True)
class _Letter:
    """A bell as text, so that nothing is shared with the sender. *count* is of its deliveries."""

    text: str
    line: str
    visible_at: datetime
    count: int = 0


class MemoryJobTransport:
    """Heaps by due time: an urgent one, an ordinary one, and one for each name.

    Args:
        queues: The names of those that have one.
        clock: When bells are due; they wait for it and not for the world's time.
        visibility: How long a bell that was handed out stays hidden.
        max_receives: After so many deliveries a bell is dead.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        queues: Collection[str] = (),
        visibility: timedelta = timedelta(minutes=15),
        max_receives: int = 5,
        longest_delay: timedelta = timedelta(minutes=15),
    ) -> None:
        self._clock = clock
        self._visibility = visibility
        self._max_receives = max_receives
        self._longest_delay = longest_delay
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._letters: dict[int, _Letter] = {}
        lines = (_URGENT, _ORDINARY, *queues)
        self._queues: dict[str, list[tuple[datetime, int]]] = {line: [] for line in lines}
        self._dead: list[str] = []

    def __len__(self) -> int:
        """Return how many bells there are, hidden ones included."""
        with self._lock:
            return len(self._letters)

    @property
    def longest_delay(self) -> timedelta:
        return self._longest_delay

    @property
    def dead(self) -> Sequence[str]:
        """The texts of what was handed out too often, oldest first."""
        with self._lock:
            return tuple(self._dead)

    @property
    def next_at(self) -> datetime | None:
        """When the next bell can be received; None without bells."""
        with self._lock:
            return min((letter.visible_at for letter in self._letters.values()), default=None)

    def pending(self) -> Sequence[Bell]:
        """Return the bells that can be read, hidden ones included, in the order they are due."""
        with self._lock:
            letters = sorted(self._letters.values(), key=lambda letter: letter.visible_at)
        bells = (_bell_of(letter) for letter in letters)
        return tuple(bell for bell in bells if bell is not None)

    def post(
        self,
        text: str,
        *,
        urgent: bool = False,
        queue: str | None = None,
        delay: timedelta = timedelta(),
    ) -> None:
        """Put in *text*, be it a bell or not, as anybody who may write to a queue can."""
        ordinary = _URGENT if urgent else _ORDINARY
        line = ordinary if queue is None else queue
        with self._lock:
            number = next(self._numbers)
            letter = _Letter(text=text, line=line, visible_at=self._clock.now() + delay)
            self._letters[number] = letter
            self._line_up(number, letter)

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        homeless = [bell for bell in bells if not self._has_queue_of(bell)]
        for bell in bells:
            if not self._has_queue_of(bell):
                continue
            text = bell_wire.encode(bell)
            held_back = min(delay, self._longest_delay)
            self.post(text, urgent=bell.urgent, queue=bell.queue, delay=held_back)
        if homeless:
            raise no_queue(homeless)

    def receive(self, *, limit: int = 1, queue: str | None = None) -> Sequence[Delivery]:
        if queue is not None and queue not in self._queues:
            raise NotFoundError(f"There is no queue {queue!r}.", queue=queue)
        deliveries: list[Delivery] = []
        with self._lock:
            for line in (_URGENT, _ORDINARY) if queue is None else (queue,):
                while len(deliveries) < limit and (number := self._take(line)):
                    letter = self._letters[number]
                    bell = _bell_of(letter)
                    if bell is not None:
                        receipt = f"{number}#{letter.count}"
                        deliveries.append(Delivery(bell=bell, receipt=receipt, count=letter.count))
        return deliveries

    def acknowledge(self, delivery: Delivery) -> None:
        with self._lock:
            number = self._number_of(delivery)
            if number:
                del self._letters[number]

    def hold(self, delivery: Delivery, *, span: timedelta) -> None:
        self._put_off(delivery, span)

    def give_back(self, delivery: Delivery, *, delay: timedelta = timedelta()) -> None:
        self._put_off(delivery, delay)

    def _has_queue_of(self, bell: Bell) -> bool:
        return bell.queue is None or bell.queue in self._queues

    def _put_off(self, delivery: Delivery, span: timedelta) -> None:
        with self._lock:
            number = self._number_of(delivery)
            if number:
                self._hide(number, until=self._clock.now() + span)

    def _take(self, line: str) -> int | None:
        """Take the first letter that is due, count the delivery, and hide it."""
        queue = self._queues[line]
        now = self._clock.now()
        while queue and queue[0][0] <= now:
            visible_at, number = heapq.heappop(queue)
            letter = self._letters.get(number)
            if letter is None or letter.visible_at != visible_at:
                continue  # It was put away, or hidden again, since it was lined up here.
            if letter.count >= self._max_receives:
                self._dead.append(self._letters.pop(number).text)
                continue
            letter.count += 1
            self._hide(number, until=now + self._visibility)
            return number
        return None

    def _hide(self, number: int, *, until: datetime) -> None:
        letter = self._letters[number]
        letter.visible_at = until
        self._line_up(number, letter)

    def _line_up(self, number: int, letter: _Letter) -> None:
        heapq.heappush(self._queues[letter.line], (letter.visible_at, number))

    def _number_of(self, delivery: Delivery) -> int | None:
        """Return the letter that the receipt is for, unless it was handed out again since."""
        number, _, count = delivery.receipt.partition("#")
        letter = self._letters.get(int(number)) if number.isdecimal() else None
        return int(number) if letter and str(letter.count) == count else None


def _bell_of(letter: _Letter) -> Bell | None:
    try:
        return bell_wire.decode(letter.text)
    except InvalidInputError:
        return None
