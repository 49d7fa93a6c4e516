"""A queue in this process, with SQS's manners: delays, visibility, receipts, dead letters."""

import heapq
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.errors import InvalidInputError
from kernel.model import bell_wire
from kernel.model.bell import Bell
from kernel.ports.clock import Clock
from kernel.ports.job_transport import Delivery


@dataclass(kw_only=True)
class _Letter:
    """A bell as text, so that nothing is shared with the sender. *count* is of its deliveries."""

    text: str
    urgent: bool
    visible_at: datetime
    count: int = 0


class MemoryJobTransport:
    """Two heaps by due time, the urgent one first.

    Args:
        clock: When bells are due; they wait for it and not for the world's time.
        visibility: How long a bell that was handed out stays hidden.
        max_receives: After so many deliveries a bell is dead.
    """

    def __init__(
        self,
        *,
        clock: Clock,
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
        self._queues: dict[bool, list[tuple[datetime, int]]] = {True: [], False: []}
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

    def post(self, text: str, *, urgent: bool = False, delay: timedelta = timedelta()) -> None:
        """Put in *text*, be it a bell or not, as anybody who may write to a queue can."""
        with self._lock:
            number = next(self._numbers)
            letter = _Letter(text=text, urgent=urgent, visible_at=self._clock.now() + delay)
            self._letters[number] = letter
            self._line_up(number, letter)

    def send(self, bells: Sequence[Bell], *, delay: timedelta = timedelta()) -> None:
        for bell in bells:
            text = bell_wire.encode(bell)
            self.post(text, urgent=bell.urgent, delay=min(delay, self._longest_delay))

    def receive(self, *, limit: int = 1) -> Sequence[Delivery]:
        deliveries: list[Delivery] = []
        with self._lock:
            for urgent in (True, False):
                while len(deliveries) < limit and (number := self._take(urgent=urgent)):
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

    def give_back(self, delivery: Delivery, *, delay: timedelta = timedelta()) -> None:
        with self._lock:
            number = self._number_of(delivery)
            if number:
                self._hide(number, until=self._clock.now() + delay)

    def _take(self, *, urgent: bool) -> int | None:
        """Take the first letter that is due, count the delivery, and hide it."""
        queue = self._queues[urgent]
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
        heapq.heappush(self._queues[letter.urgent], (letter.visible_at, number))

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
