"""The worker as a process that stays: for bodies that outgrow what Lambda gives them.

It does with a bell what every way in does. What is added is time: a stage is taken by short
leases that are renewed while its body runs, and so is the bell.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from functions.attendance import Attendance
from functions.host import Answer, ServerlessHost
from functions.in_hand import InHand
from functions.listening import DEFAULT_QUEUE, Listener
from functions.metering import meter, of_tick
from functions.outcomes import ProcessedJobs
from functions.rhythm import Rhythm
from functions.seats import Seats
from kernel.dispatch import Kernel
from kernel.errors import EngineError
from kernel.model.bell import BellKind
from kernel.model.json import Json
from kernel.ports.executor import Stoppable
from kernel.ports.job_transport import Delivery
from kernel.ports.logbook import Level, LogEntry
from kernel.procedures.execute_job import JobOutcome

_EVERY_MINUTE: Final = timedelta(minutes=1)
# What a body that is stopped gets to end in, and its verdict to be written.
SETTLING: Final = timedelta(seconds=15)
# What a request that is under way may take, to a queue that is listened to or in a tick.
_LAST_REQUESTS: Final = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class WorkerStats:
    """How it goes. *succeeded* and *failed* leave out the discarded; *uptime* is in seconds."""

    worker_id: str
    queues: tuple[str, ...]
    is_running: bool
    is_draining: bool
    uptime: float
    in_hand: int
    jobs_processed: int = 0
    succeeded: int = 0
    failed: int = 0
    ticks: int = 0


class WorkerHost:
    """Answers the bells of its queues until it is stopped; once.

    Args:
        queues: Their names; `default` is the urgent and the ordinary one.
        threads: How many bells are answered at once.
        worker_id: Who this is, in the log and among those who serve a queue.
        lease: For how long a stage is taken at a time; renewed while its body runs.
        grace: How long bodies may go on once it is to stop.
        ticks: How often it ticks; None leaves that to others.
        hidden: For how long a bell in hand is kept from others at a time.
    """

    def __init__(  # noqa: PLR0913 - each is an option of its own
        self,
        kernel: Kernel,
        *,
        queues: Sequence[str] = (DEFAULT_QUEUE,),
        threads: int = 1,
        worker_id: str = "worker",
        lease: timedelta = timedelta(seconds=60),
        grace: timedelta = timedelta(seconds=90),
        ticks: timedelta | None = None,
        hidden: timedelta = timedelta(seconds=60),
    ) -> None:
        self._kernel = kernel
        self._queues = tuple(dict.fromkeys(queues))
        self._worker_id = worker_id
        self._lease, self._grace = lease, grace
        self._host = ServerlessHost(kernel, worker_id=worker_id)
        self._threads, self._seats = threads, Seats(threads)
        self._in_hand = InHand(kernel.ports.transport, hidden=hidden, report=self._not_held)
        self._is_draining = self._is_over = False
        self._began: float | None = None
        self._counting = threading.Lock()
        self._done, self._ticks = ProcessedJobs(), 0
        self._listeners = [
            Listener(
                kernel.ports.transport,
                queue,
                seats=self._seats,
                take=self._begin,
                report=self._out_of_reach,
            )
            for queue in self._queues
        ]
        self._keeper = Rhythm(self._in_hand.hold, every=hidden / 3, name="keeper")
        self._chores = [Rhythm(_send_figures, every=_EVERY_MINUTE, name="figures")]
        self._attendance = Attendance(
            kernel.ports, self._queues, worker_id=worker_id, report=self._not_said
        )
        self._chores.append(Rhythm(self._attend, every=_EVERY_MINUTE, name="attendance"))
        if ticks is not None:
            self._chores.append(Rhythm(lambda: self._tick(ticks), every=ticks, name="tick"))

    @property
    def tainted(self) -> bool:
        """Whether a body that could not be stopped may still be running in this process."""
        return self._host.tainted

    @property
    def is_well(self) -> bool:
        """Whether it does what it is there for: all queues are listened to, or it drains."""
        listens = self._is_draining or all(each.is_alive for each in self._listeners)
        return self._keeper.is_alive and listens

    def start(self) -> None:
        """Begin, once every queue and the store have answered.

        Raises:
            NotFoundError: There is no queue of one of the names.
            UnavailableError: A queue or the store does not answer, or does not exist.
        """
        self._kernel.ports.clock.now()
        taken: list[Delivery] = []
        try:
            # A worker that listens in vain would be found out late, by what it leaves undone.
            for listener in self._listeners:
                taken += listener.receive(limit=1)
        except BaseException:
            for delivery in taken:
                self._give_back(delivery)
            raise
        self._began = time.monotonic()
        self._attend()
        for delivery in taken[: self._threads]:
            self._seats.take(1)
            self._begin(delivery)
        for delivery in taken[self._threads :]:
            self._give_back(delivery)
        for listener in self._listeners:
            listener.start()
        for rhythm in (self._keeper, *self._chores):
            rhythm.start()
        self._write(Level.INFO, "worker started", queues=list(self._queues))

    def drain(self) -> None:
        """Take no more bells; what is in hand goes on."""
        self._is_draining = True
        self._seats.close()
        for listener in self._listeners:
            listener.stop()
        self._in_hand.close()

    def is_idle_within(self, span: timedelta) -> bool:
        """Wait until nothing is in hand, for up to *span*; return whether that is so."""
        return self._in_hand.is_empty_within(span)

    def stop(self, grace: timedelta | None = None) -> bool:
        """Drain; stop the bodies that go on beyond *grace*. Return whether all came to an end.

        A stage whose body was stopped is given back: another worker begins it anew, at once.
        """
        self.drain()
        leaving = threading.Thread(target=self._attendance.leave, name="leaving", daemon=True)
        leaving.start()
        if not self.is_idle_within(self._grace if grace is None else grace):
            self._write(Level.WARNING, "bodies are stopped", in_hand=len(self._in_hand))
            if isinstance(self._kernel.ports.executor, Stoppable):
                self._kernel.ports.executor.stop()
            self.is_idle_within(SETTLING)
        ended = self._wind_up()
        leaving.join(_LAST_REQUESTS / timedelta(seconds=1))
        self._is_over = True
        self._write(Level.INFO, "worker stopped", **asdict(self.get_stats()))
        return ended

    def get_stats(self) -> WorkerStats:
        with self._counting:
            done, ticks = self._done, self._ticks
        began = self._began
        return WorkerStats(
            worker_id=self._worker_id,
            queues=self._queues,
            is_running=began is not None and not self._is_over,
            is_draining=self._is_draining,
            uptime=0.0 if began is None else round(time.monotonic() - began, 3),
            in_hand=len(self._in_hand),
            jobs_processed=done.processed,
            succeeded=done.succeeded,
            failed=done.failed,
            ticks=ticks,
        )

    def _begin(self, delivery: Delivery) -> None:
        if self._in_hand.begin(delivery):
            # A thread of its own: whatever becomes of one, the next finds none that it spoilt.
            args = (delivery,)
            threading.Thread(target=self._answer, args=args, name="bell", daemon=True).start()
        else:
            self._seats.leave()
            self._give_back(delivery)

    def _answer(self, delivery: Delivery) -> None:
        try:
            began = self._kernel.ports.clock.now()
            answer = self._host.answer(delivery, lease=self._lease)
            self._in_hand.let_go(delivery)
            self._host.put_away(delivery, answer)
            self._count(delivery, answer, self._kernel.ports.clock.now() - began)
        except Exception as error:  # noqa: BLE001 - the bell comes again by itself
            self._not_held(delivery, error)
        finally:
            self._in_hand.end(delivery)
            self._seats.leave()

    def _count(self, delivery: Delivery, answer: Answer, took: timedelta) -> None:
        with self._counting:
            self._done = self._done.counting(answer.outcome)
        if answer.again_in is not None:
            meter.count({"BellsGivenBack": 1})
        elif answer.outcome is JobOutcome.DISCARDED:
            meter.count({"BellsDiscarded": 1})
        elif delivery.bell.kind is BellKind.EXECUTE:
            meter.measure("StageDuration", took)

    def _tick(self, every: timedelta) -> None:
        try:
            done = self._host.run_maintenance_tick(every)
        except Exception as error:  # noqa: BLE001 - the next tick will do it
            meter.count({"TickUnavailable": 1})
            self._write(Level.ERROR, "tick failed", error=_told(error))
            return
        meter.count(of_tick(done))
        with self._counting:
            self._ticks += 1

    def _attend(self) -> None:
        if not self._is_draining:
            self._attendance.say()

    def _wind_up(self) -> bool:
        """End all threads; return whether no bell, and no body, is left behind."""
        # One may still be handed a bell, which is given back then.
        for listener in self._listeners:
            listener.join(_LAST_REQUESTS)
        is_idle = self.is_idle_within(timedelta())
        for rhythm in (*self._chores, self._keeper):
            if rhythm.is_alive:
                rhythm.stop(grace=_LAST_REQUESTS)
        _send_figures()
        return is_idle and not self.tainted

    def _give_back(self, delivery: Delivery) -> None:
        try:
            self._kernel.ports.transport.give_back(delivery)
        except Exception as error:  # noqa: BLE001 - it comes again by itself
            self._not_held(delivery, error)

    def _out_of_reach(self, queue: str, error: Exception) -> None:
        self._write(Level.ERROR, "queue out of reach", queue=queue, error=_told(error))

    def _not_held(self, delivery: Delivery, error: Exception) -> None:
        bell = delivery.bell
        told: dict[str, Json] = {"run_id": bell.run_id, "stage_id": bell.stage_id}
        self._write(Level.WARNING, "a bell may come twice", **told, error=_told(error))

    def _not_said(self, queue: str, error: Exception) -> None:
        self._write(Level.WARNING, "queue may seem unserved", queue=queue, error=_told(error))

    def _write(self, level: Level, message: str, **fields: Json) -> None:
        told = {"worker_id": self._worker_id, **fields}
        self._kernel.ports.logbook.write(LogEntry(level=level, message=message, fields=told))


def _send_figures() -> None:
    with meter.sending():
        """What was counted since the last time."""


def _told(error: Exception) -> str:
    return error.message if isinstance(error, EngineError) else repr(error)
